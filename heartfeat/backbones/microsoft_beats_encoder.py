"""BEATs as a backbone: square patches of Kaldi's filter bank."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from heartfeat.backbones.encoder import Encoder, chosen
from heartfeat.backbones.grid import WINDOW_SECONDS, Grid
from heartfeat.backbones.kaldi_bank import FRAME, HOP, log_mel, mel_filters
from heartfeat.backbones.preprocessing import LEVEL_DBFS
from heartfeat.errors import BackboneError

FULL_SCALE = 2.0**15
"""What the largest sample was in training: that of 16-bit integers."""

POVEY = 0.85
"""Power of the Hann window that makes Kaldi's own."""


def describe(config: Any, folder: Path, window_seconds: float | None) -> Grid:  # noqa: ANN401 - transformers' config
    """The time grid of the patches."""
    if config.sampling_rate != 16000:
        raise BackboneError(f"BEATs takes audio at 16000 Hz; its config says {config.sampling_rate}")
    hop = config.patch_size * HOP
    frames = round((window_seconds or WINDOW_SECONDS) * config.sampling_rate) // hop
    if frames < 1:
        raise BackboneError(f"window_seconds {window_seconds} is shorter than one patch of {hop} samples")
    patch = (config.patch_size - 1) * HOP + FRAME
    return Grid(
        sample_rate=config.sampling_rate,
        hop=hop,
        frames=frames,
        samples=(frames - 1) * hop + patch,
        lead=(patch - hop) // 2,
        level_dbfs=LEVEL_DBFS,
        hidden=config.hidden_size,
        depth=config.num_hidden_layers,
        transform={"mean": config.fbank_mean, "std": config.fbank_std},
    )


class MicrosoftBeatsEncoder(Encoder):
    """A MicrosoftBeatsModel behind its filter bank; patches of one time step are averaged over frequency."""

    def __init__(self, model: Any, grid: Grid, folder: Path) -> None:  # noqa: ANN401 - transformers' model
        super().__init__()
        self.model, self.depth, self.frames = model, grid.depth, grid.frames
        self.mean, self.std = model.config.fbank_mean, model.config.fbank_std
        self.filters: Tensor
        self.taper: Tensor
        self.register_buffer("filters", mel_filters(model.config.num_mel_bins, grid.sample_rate))
        self.register_buffer("taper", torch.hann_window(FRAME, periodic=False) ** POVEY)

    def filter_bank(self, windows: Tensor) -> Tensor:
        """``(B, samples)`` audio to ``(B, frames, mel bins)``, normalised as in training."""
        # Powers of integers that large are beyond float16.
        with torch.autocast(windows.device.type, enabled=False):
            bank = log_mel(windows * FULL_SCALE, self.taper, self.filters)
        return (bank - self.mean) / (2 * self.std)

    def hidden_states(self, windows: Tensor, layers: Sequence[int]) -> list[Tensor]:
        """See :class:`Encoder`."""
        inner = any(layer != self.depth for layer in layers)
        output = self.model(self.filter_bank(windows), output_hidden_states=inner)
        return [
            state.unflatten(1, (self.frames, -1)).mean(dim=2) for state in chosen(output, layers, self.depth)
        ]
