"""Early stopping: the weights of the best epoch, and when to give up on a better one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from heartfeat.heads.neural.trainer import under


class BestWeights:
    """Watches a figure that should fall, and keeps the weights at its lowest.

    Parameters
    ----------
    patience
        Looks without a lower figure after which there is no going on; None never keeps and never stops.
    """

    def __init__(self, patience: int | None) -> None:
        self.patience = patience
        self.lowest = float("inf")
        self.waited = 0
        self._weights: dict[str, Tensor] | None = None

    def look(self, figure: float, net: nn.Module) -> bool:
        """Take note of ``figure``; whether to stop."""
        if self.patience is None:
            return False
        if figure < self.lowest:
            self.lowest, self.waited = figure, 0
            self._weights = {name: tensor.detach().clone() for name, tensor in net.state_dict().items()}
        else:
            self.waited += 1
        return self.waited >= self.patience

    def restore(self, net: nn.Module) -> None:
        """Give ``net`` the weights of the lowest figure, in place; leave it as it is where none was seen."""
        if self._weights is not None:
            net.load_state_dict(self._weights)

    def tensors(self) -> dict[str, Tensor]:
        """The best weights so far, ``best.<name>`` in the shape and on the device of each of the network's."""
        return {f"best.{name}": tensor for name, tensor in (self._weights or {}).items()}

    def numbers(self) -> dict[str, Any]:
        """The lowest figure (None: none yet) and how long ago it was seen, JSON-able."""
        return {"lowest": self.lowest if self.lowest < float("inf") else None, "waited": self.waited}

    def go_on(self, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any], device: torch.device) -> None:
        """Go back to where `tensors` and `numbers` were read, the weights on ``device``."""
        kept = {name: tensor.to(device) for name, tensor in under("best.", tensors).items()}
        self._weights = kept or None
        self.lowest = float("inf") if numbers["lowest"] is None else numbers["lowest"]
        self.waited = numbers["waited"]
