"""The encoder of Whisper (Radford et al. 2022)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from heartfeat.backbones.encoder import Encoder, chosen
from heartfeat.backbones.extractors import fixed_length, load_extractor
from heartfeat.backbones.grid import Grid
from heartfeat.backbones.preprocessing import LEVEL_DBFS

STRIDE = 2
"""Spectrogram frames per token: the stride of the second convolution."""


def describe(config: Any, folder: Path, window_seconds: float | None) -> Grid:  # noqa: ANN401 - transformers' config
    """The time grid; Whisper takes windows of one length (30 s in the published models)."""
    extractor = _extractor(config, folder)
    hop = STRIDE * extractor.hop_length
    samples = config.max_source_positions * hop
    fixed_length(samples, extractor.sampling_rate, window_seconds)
    return Grid(
        sample_rate=extractor.sampling_rate,
        hop=hop,
        frames=config.max_source_positions,
        samples=samples,
        lead=0,
        level_dbfs=LEVEL_DBFS,
        hidden=config.d_model,
        depth=config.encoder_layers,
        transform={"fft": extractor.n_fft, "hop": extractor.hop_length, "bands": extractor.feature_size},
    )


class WhisperFeatures(Encoder):
    """A Whisper encoder behind its log-mel spectrogram."""

    def __init__(self, model: Any, grid: Grid, folder: Path) -> None:  # noqa: ANN401 - transformers' model
        super().__init__()
        extractor = _extractor(model.config, folder)
        self.model, self.depth = model.encoder, grid.depth
        self.fft, self.hop = extractor.n_fft, extractor.hop_length
        self.filters: Tensor
        self.taper: Tensor
        self.register_buffer("filters", torch.from_numpy(extractor.mel_filters).float().T.contiguous())
        self.register_buffer("taper", torch.hann_window(self.fft))

    def spectrogram(self, windows: Tensor) -> Tensor:
        """``(B, samples)`` audio to ``(B, bands, frames)``."""
        spectrum = torch.stft(windows, self.fft, self.hop, window=self.taper, return_complex=True)[..., :-1]
        power = (self.filters @ spectrum.abs().square()).clamp(min=1e-10).log10()
        # The floor lies 80 dB below the window's maximum and so moves with the gain: gain is not undone.
        power = torch.maximum(power, power.amax(dim=(1, 2), keepdim=True) - 8.0)
        return (power + 4.0) / 4.0

    def hidden_states(self, windows: Tensor, layers: Sequence[int]) -> list[Tensor]:
        """See :class:`Encoder`."""
        inner = any(layer != self.depth for layer in layers)
        output = self.model(self.spectrogram(windows), output_hidden_states=inner)
        return chosen(output, layers, self.depth)


def _extractor(config: Any, folder: Path) -> Any:  # noqa: ANN401 - transformers' classes
    from transformers import WhisperFeatureExtractor

    return load_extractor(WhisperFeatureExtractor, folder, feature_size=config.num_mel_bins)
