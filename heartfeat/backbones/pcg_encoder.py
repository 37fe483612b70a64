"""Encoders of heartfeat's own architecture, such as the ``heartfeat-pcg`` that comes with the package."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from heartfeat.backbones.encoder import Encoder, Grid
from heartfeat.backbones.logmel_spec import frame_length
from heartfeat.backbones.preprocessing import LEVEL_DBFS

WINDOW_SECONDS = 5.0
"""Window where nobody says otherwise (s)."""


def describe(config: Any, folder: Path, window_seconds: float | None) -> Grid:  # noqa: ANN401 - a PcgConfig
    """The time grid of the patches."""
    step = round(config.sample_rate / config.frame_rate)
    hop = step * config.patch_frames
    frames = max(1, round((window_seconds or WINDOW_SECONDS) * config.sample_rate) // hop)
    margin = (frame_length(config.logmel()) - step) // 2
    return Grid(
        sample_rate=config.sample_rate,
        hop=hop,
        frames=frames,
        samples=margin + frames * hop + margin,
        lead=margin,
        level_dbfs=LEVEL_DBFS,
        hidden=config.hidden_size,
        depth=config.num_hidden_layers,
    )


class PcgEncoder(Encoder):
    """A PcgModel."""

    def __init__(self, model: Any, grid: Grid, folder: Path) -> None:  # noqa: ANN401 - as for the other families
        super().__init__()
        self.model = model

    def hidden_states(self, windows: Tensor, layers: Sequence[int]) -> list[Tensor]:
        """See :class:`Encoder`."""
        states = self.model.encode(self.model.patches(windows))
        return [states[layer] for layer in layers]
