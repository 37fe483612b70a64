"""The audio half of CLAP: a Swin transformer over a log-mel spectrogram (Wu et al. 2023)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from heartfeat.backbones.encoder import Encoder
from heartfeat.backbones.extractors import fixed_length, load_extractor
from heartfeat.backbones.grid import Grid
from heartfeat.backbones.preprocessing import LEVEL_DBFS
from heartfeat.errors import BackboneError


def describe(config: Any, folder: Path, window_seconds: float | None) -> Grid:  # noqa: ANN401 - transformers' config
    """The time grid of the last stage, the only one that can be kept: stages differ in width and rate."""
    audio = getattr(config, "audio_config", config)
    extractor = _extractor(audio, folder)
    samples = int(extractor.nb_max_samples)
    fixed_length(samples, extractor.sampling_rate, window_seconds)
    folds = audio.spec_size // audio.num_mel_bins
    stride = audio.patch_stride if isinstance(audio.patch_stride, int) else audio.patch_stride[1]
    shrink = stride * 2 ** (len(audio.depths) - 1)
    frames = audio.spec_size // shrink * folds
    if samples % frames:
        raise BackboneError(f"{frames} tokens do not divide a window of {samples} samples")
    return Grid(
        sample_rate=extractor.sampling_rate,
        hop=samples // frames,
        frames=frames,
        samples=samples,
        lead=0,
        level_dbfs=LEVEL_DBFS,
        hidden=audio.patch_embeds_hidden_size * 2 ** (len(audio.depths) - 1),
        depth=0,
        transform={
            "fft": extractor.fft_window_size,
            "hop": extractor.hop_length,
            "bands": extractor.feature_size,
            "low": extractor.frequency_min,
            "high": extractor.frequency_max,
            "fusion": audio.enable_fusion,
        },
    )


class ClapEncoder(Encoder):
    """CLAP's audio encoder behind its log-mel spectrogram; its last grid is averaged over frequency."""

    def __init__(self, model: Any, grid: Grid, folder: Path) -> None:  # noqa: ANN401 - transformers' model
        super().__init__()
        self.model = getattr(model, "audio_model", model)
        audio = self.model.config
        extractor = _extractor(audio, folder)
        self.fusion = audio.enable_fusion
        self.fft, self.hop = extractor.fft_window_size, extractor.hop_length
        filters = extractor.mel_filters if self.fusion else extractor.mel_filters_slaney
        self.filters: Tensor
        self.taper: Tensor
        self.register_buffer("filters", torch.from_numpy(filters).float().T.contiguous())
        self.register_buffer("taper", torch.hann_window(self.fft))

    def spectrogram(self, windows: Tensor) -> Tensor:
        """``(B, samples)`` audio to ``(B, frames, bands)`` in dB."""
        spectrum = torch.stft(windows, self.fft, self.hop, window=self.taper, return_complex=True)
        power = self.filters @ spectrum.abs().square()
        return 10 * power.clamp(min=1e-10).log10().transpose(1, 2)

    def hidden_states(self, windows: Tensor, layers: Sequence[int]) -> list[Tensor]:
        """See :class:`Encoder`."""
        image = self.spectrogram(windows)[:, None]
        longer = None
        if self.fusion:
            # Windows never exceed the encoder's length, so the four channels are one and the same.
            image = image.expand(-1, 4, -1, -1)
            longer = torch.zeros(len(windows), 1, dtype=torch.bool, device=windows.device)
        state = self.model(input_features=image, is_longer=longer).last_hidden_state
        return [state.mean(dim=2).transpose(1, 2)] * len(layers)


def _extractor(audio: Any, folder: Path) -> Any:  # noqa: ANN401 - transformers' classes
    from transformers import ClapFeatureExtractor

    return load_extractor(ClapFeatureExtractor, folder, feature_size=audio.num_mel_bins)
