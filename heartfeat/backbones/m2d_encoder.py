"""M2D as a backbone: patches of a log-mel spectrogram, those of one time step side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from heartfeat.backbones.encoder import Encoder, chosen
from heartfeat.backbones.grid import Grid
from heartfeat.backbones.preprocessing import LEVEL_DBFS
from heartfeat.errors import BackboneError

FRAME_SECONDS, HOP_SECONDS = 0.025, 0.01
LOWEST = 50
"""Lowest frequency of the mel bands (Hz)."""

FLOOR = torch.finfo(torch.float32).eps
"""Power added before the logarithm."""


def describe(config: Any, folder: Path, window_seconds: float | None) -> Grid:  # noqa: ANN401 - transformers' config
    """The time grid of the patches; the learned positions end after 6.08 s in the published models of 80 x 608."""
    bands, most = config.grid
    step = round(HOP_SECONDS * config.sampling_rate)
    hop = config.patch_size[1] * step
    frames = round(window_seconds * config.sampling_rate) // hop if window_seconds else most
    if not 1 <= frames <= most:
        raise BackboneError(
            f"window_seconds is {window_seconds:g}, and this encoder takes {hop / config.sampling_rate:g} to "
            f"{most * hop / config.sampling_rate:g} s; leave window_seconds out for the longest"
        )
    patch = (config.patch_size[1] - 1) * step + round(FRAME_SECONDS * config.sampling_rate)
    return Grid(
        sample_rate=config.sampling_rate,
        hop=hop,
        frames=frames,
        samples=(frames - 1) * hop + patch,
        lead=(patch - hop) // 2,
        level_dbfs=LEVEL_DBFS,
        hidden=bands * config.hidden_size,
        depth=config.num_hidden_layers,
        transform={"mean": config.norm_mean, "std": config.norm_std},
    )


class M2dEncoder(Encoder):
    """An M2dModel behind its spectrogram."""

    def __init__(self, model: Any, grid: Grid, folder: Path) -> None:  # noqa: ANN401 - transformers' model
        super().__init__()
        from transformers.audio_utils import mel_filter_bank

        config = model.config
        self.model, self.depth, self.bands = model, grid.depth, config.grid[0]
        self.mean, self.std = config.norm_mean, config.norm_std
        self.frame = round(FRAME_SECONDS * grid.sample_rate)
        self.step = round(HOP_SECONDS * grid.sample_rate)
        filters = mel_filter_bank(
            num_frequency_bins=self.frame // 2 + 1,
            num_mel_filters=config.input_size[0],
            min_frequency=LOWEST,
            max_frequency=grid.sample_rate // 2,
            sampling_rate=grid.sample_rate,
            norm="slaney",
            mel_scale="slaney",
        )
        self.filters: Tensor
        self.taper: Tensor
        self.register_buffer("filters", torch.from_numpy(filters).float())
        self.register_buffer("taper", torch.hann_window(self.frame))

    def spectrogram(self, windows: Tensor) -> Tensor:
        """``(B, samples)`` audio to ``(B, bands, frames)``, normalised as in training."""
        # A full-scale tone's power is near the end of float16.
        with torch.autocast(windows.device.type, enabled=False):
            spectrum = torch.fft.rfft(windows.unfold(1, self.frame, self.step) * self.taper)
            power = spectrum.abs().square() @ self.filters
        return (torch.log(power + FLOOR).transpose(1, 2) - self.mean) / self.std

    def hidden_states(self, windows: Tensor, layers: Sequence[int]) -> list[Tensor]:
        """See :class:`Encoder`."""
        inner = any(layer != self.depth for layer in layers)
        output = self.model(self.spectrogram(windows), output_hidden_states=inner)
        return [self._over_time(state) for state in chosen(output, layers, self.depth)]

    def _over_time(self, state: Tensor) -> Tensor:
        """``(B, 1 + frequency x time, hidden)`` to ``(B, time, frequency x hidden)``."""
        return state[:, 1:].unflatten(1, (self.bands, -1)).transpose(1, 2).flatten(2)
