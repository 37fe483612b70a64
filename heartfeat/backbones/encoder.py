"""What the families of transformers encoders have in common: layers, and pooling in time."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from heartfeat.backbones.grid import Grid
from heartfeat.backbones.windows import Window


class Encoder(nn.Module):
    """A pretrained encoder behind one call: audio in, hidden states out."""

    @abstractmethod
    def hidden_states(self, windows: Tensor, layers: Sequence[int]) -> list[Tensor]:
        """``(B, samples)`` audio to one ``(B, frames, hidden)`` per layer asked for."""


class PooledLayers(nn.Module):
    """An encoder's chosen layers side by side, averaged over each token's stretch of time."""

    def __init__(self, encoder: Encoder, grid: Grid, layers: Sequence[int], window: Window) -> None:
        super().__init__()
        self.encoder = encoder
        self.layers, self.depth = tuple(layers), grid.depth
        self.pooling: Tensor | None
        pooled = window.hop != grid.hop or window.tokens != grid.frames
        self.register_buffer("pooling", time_pooling(grid, window) if pooled else None)

    def forward(self, windows: Tensor) -> Tensor:
        """``(B, samples)`` audio to ``(B, tokens, layers x hidden)``."""
        states = torch.cat(self.encoder.hidden_states(windows, self.layers), dim=-1)
        return states if self.pooling is None else self.pooling @ states


def time_pooling(grid: Grid, window: Window) -> Tensor:
    """``(tokens, frames)`` share of each frame in each token: the part of the token's time that it covers."""
    frame = torch.arange(grid.frames, dtype=torch.float64) * grid.hop
    token = torch.arange(window.tokens, dtype=torch.float64)[:, None] * window.hop
    overlap = torch.minimum(frame + grid.hop, token + window.hop) - torch.maximum(frame, token)
    return (overlap.clamp(min=0) / window.hop).float()


def chosen(output: Any, layers: Sequence[int], depth: int) -> list[Tensor]:  # noqa: ANN401 - transformers' outputs
    """The layers asked for of a transformers output, ``(B, frames, hidden)`` each; the last is after the final norm."""
    return [output.last_hidden_state if layer == depth else output.hidden_states[layer] for layer in layers]
