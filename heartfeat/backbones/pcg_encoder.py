"""Encoders of heartfeat's own architecture, such as the ``heartfeat-pcg`` that comes with the package."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from heartfeat.backbones.encoder import Encoder
from heartfeat.backbones.grid import Grid


class PcgEncoder(Encoder):
    """A PcgModel."""

    def __init__(self, model: Any, grid: Grid, folder: Path) -> None:  # noqa: ANN401 - as for the other families
        super().__init__()
        self.model = model

    def hidden_states(self, windows: Tensor, layers: Sequence[int]) -> list[Tensor]:
        """See :class:`Encoder`."""
        states = self.model.encode(self.model.patches(windows))
        return [states[layer] for layer in layers]
