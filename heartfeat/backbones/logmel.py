"""Log-mel spectrogram as a backbone: no weights, additive under gain, the same code on CPU and GPU."""

import numpy as np
import torch
from torch import Tensor, nn

from heartfeat.backbones.backbone import Backbone, BackboneSpec
from heartfeat.backbones.logmel_spec import FLOOR, describe_logmel, fft_length, frame_length
from heartfeat.backbones.settings import BeatsSettings, LogMelSettings
from heartfeat.errors import ConfigError


class MelFrames(nn.Module):
    """Natural logarithm of the power in mel bands, relative to the level that recordings are normalised to.

    A band that holds all of a recording's usual power reads about 0; gain of g dB adds ``g x ln(10) / 10``
    to every number, down to a floor 80 dB below the level.
    """

    def __init__(self, settings: LogMelSettings | BeatsSettings, frame: int, level_power: float) -> None:
        super().__init__()
        self.fft = fft = fft_length(frame)
        # On the CPU even where a library builds models without memory, for its sum is needed here.
        taper = torch.hann_window(frame, periodic=False, dtype=torch.float64, device="cpu")
        # Parseval: the bins of a one-sided spectrum then sum to the mean square under the taper.
        scale = 2.0 / (fft * taper.square().sum().item()) / level_power
        filters = torch.from_numpy(mel_filters(settings, fft)) * scale
        self.taper: Tensor
        self.filters: Tensor
        self.register_buffer("taper", taper.float())
        self.register_buffer("filters", filters.float())

    def forward(self, frames: Tensor) -> Tensor:
        """``(B, tokens, frame)`` audio to ``(B, tokens, bands)``."""
        spectrum = torch.fft.rfft(frames * self.taper, n=self.fft)
        power = spectrum.real.square() + spectrum.imag.square()
        # One product per window, of one shape: a window's bits then cannot depend on its batch mates.
        bands = torch.bmm(power, self.filters.expand(len(power), -1, -1))
        return torch.log(bands + FLOOR)


class LogMel(nn.Module):
    """Log-mel frames at even steps."""

    def __init__(self, settings: LogMelSettings, level_power: float, hop: int) -> None:
        super().__init__()
        self.frame, self.hop = frame_length(settings), hop
        self.mel = MelFrames(settings, self.frame, level_power)

    def forward(self, windows: Tensor) -> Tensor:
        """``(B, samples)`` audio to ``(B, tokens, bands)``."""
        return self.mel(windows.unfold(1, self.frame, self.hop))


def mel_filters(settings: LogMelSettings | BeatsSettings, fft: int) -> np.ndarray:
    """Triangular filters, ``(fft // 2 + 1, bands)`` float64, that sum to 1 over the middle of the band.

    Raises
    ------
    ConfigError
        When a band is so narrow that no frequency bin falls into it.
    """
    from transformers.audio_utils import mel_filter_bank

    if settings.bands * 2 > fft:
        raise ConfigError(_too_many(settings))
    filters = mel_filter_bank(
        num_frequency_bins=fft // 2 + 1,
        num_mel_filters=settings.bands,
        min_frequency=settings.low,
        max_frequency=settings.high,
        sampling_rate=settings.sample_rate,
        mel_scale="htk",
    )
    if not (filters.sum(axis=0) > 0).all():
        raise ConfigError(_too_many(settings))
    return filters


def load_logmel(settings: LogMelSettings) -> Backbone:
    """The log-mel backbone of these settings."""
    spec: BackboneSpec = describe_logmel(settings)
    level_power = 10 ** (spec.preprocessing.level_dbfs / 10)
    return Backbone(spec, LogMel(settings, level_power, spec.window.hop).eval())


def _too_many(settings: LogMelSettings | BeatsSettings) -> str:
    return (
        f"{settings.bands} mel bands between {settings.low} and {settings.high} Hz are narrower than the "
        f"resolution of {settings.frame_seconds} s frames; use fewer bands or longer frame_seconds"
    )
