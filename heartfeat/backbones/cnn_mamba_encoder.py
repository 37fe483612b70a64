"""PA-HCL's encoder as a backbone: waveform in, frames at a sixteenth of its rate out."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from heartfeat.backbones.encoder import Encoder, chosen
from heartfeat.backbones.grid import WINDOW_SECONDS, Grid
from heartfeat.errors import BackboneError


def describe(config: Any, folder: Path, window_seconds: float | None) -> Grid:  # noqa: ANN401 - transformers' config
    """The time grid: padded convolutions give one frame per product of their strides."""
    hop = math.prod(config.conv_strides)
    frames = round((window_seconds or WINDOW_SECONDS) * config.sampling_rate) // hop
    if frames < 1:
        raise BackboneError(f"window_seconds {window_seconds} is shorter than one frame of {hop} samples")
    return Grid(
        sample_rate=config.sampling_rate,
        hop=hop,
        frames=frames,
        samples=frames * hop,
        lead=0,
        # Pretrained on unit variance; set once per recording, it does not undo gain views.
        level_dbfs=0.0,
        hidden=config.hidden_size,
        depth=config.num_hidden_layers,
        band=(config.low, config.high),
    )


class CnnMambaEncoder(Encoder):
    """A CnnMambaModel."""

    def __init__(self, model: Any, grid: Grid, folder: Path) -> None:  # noqa: ANN401 - transformers' model
        super().__init__()
        self.model, self.depth = model, grid.depth

    def hidden_states(self, windows: Tensor, layers: Sequence[int]) -> list[Tensor]:
        """See :class:`Encoder`."""
        inner = any(layer != self.depth for layer in layers)
        return chosen(self.model(windows, output_hidden_states=inner), layers, self.depth)
