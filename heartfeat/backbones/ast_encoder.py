"""Audio Spectrogram Transformer: overlapping patches of a log-mel filter bank (Gong et al. 2021)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from heartfeat.backbones.encoder import Encoder, chosen
from heartfeat.backbones.extractors import fixed_length, load_extractor
from heartfeat.backbones.grid import Grid
from heartfeat.backbones.kaldi_bank import FRAME, HOP, log_mel, mel_filters
from heartfeat.backbones.preprocessing import LEVEL_DBFS

SPECIAL_TOKENS = 2


def describe(config: Any, folder: Path, window_seconds: float | None) -> Grid:  # noqa: ANN401 - transformers' config
    """The time grid of the patches."""
    extractor = _extractor(config, folder)
    samples = (config.max_length - 1) * HOP + FRAME
    fixed_length(samples, extractor.sampling_rate, window_seconds)
    hop = config.time_stride * HOP
    patch = (config.patch_size - 1) * HOP + FRAME
    return Grid(
        sample_rate=extractor.sampling_rate,
        hop=hop,
        frames=(config.max_length - config.patch_size) // config.time_stride + 1,
        samples=samples,
        lead=(patch - hop) // 2,
        level_dbfs=LEVEL_DBFS,
        hidden=config.hidden_size,
        depth=config.num_hidden_layers,
        transform={"mean": extractor.mean, "std": extractor.std, "normalise": extractor.do_normalize},
    )


class AstEncoder(Encoder):
    """An ASTModel behind its filter bank; patches of one time step are averaged over frequency."""

    def __init__(self, model: Any, grid: Grid, folder: Path) -> None:  # noqa: ANN401 - transformers' model
        super().__init__()
        extractor = _extractor(model.config, folder)
        self.model, self.depth, self.frames = model, grid.depth, grid.frames
        self.normalise, self.mean, self.std = extractor.do_normalize, extractor.mean, extractor.std
        self.filters: Tensor
        self.taper: Tensor
        self.register_buffer("filters", mel_filters(model.config.num_mel_bins, extractor.sampling_rate))
        self.register_buffer("taper", torch.hann_window(FRAME, periodic=False))

    def filter_bank(self, windows: Tensor) -> Tensor:
        """``(B, samples)`` audio to ``(B, frames, mel bins)``, normalised as in training."""
        bank = log_mel(windows, self.taper, self.filters)
        return (bank - self.mean) / (2 * self.std) if self.normalise else bank

    def hidden_states(self, windows: Tensor, layers: Sequence[int]) -> list[Tensor]:
        """See :class:`Encoder`."""
        inner = any(layer != self.depth for layer in layers)
        output = self.model(self.filter_bank(windows), output_hidden_states=inner)
        return [self._over_time(state) for state in chosen(output, layers, self.depth)]

    def _over_time(self, state: Tensor) -> Tensor:
        """``(B, special + frequency x time, hidden)`` to ``(B, time, hidden)``."""
        patches = state[:, SPECIAL_TOKENS:]
        return patches.unflatten(1, (-1, self.frames)).mean(dim=1)


def _extractor(config: Any, folder: Path) -> Any:  # noqa: ANN401 - transformers' classes
    from transformers import ASTFeatureExtractor

    return load_extractor(
        ASTFeatureExtractor, folder, num_mel_bins=config.num_mel_bins, max_length=config.max_length
    )
