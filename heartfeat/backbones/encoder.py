"""What the families of transformers encoders have in common: a time grid, layers, pooling in time."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from heartfeat.backbones.windows import Window
from heartfeat.errors import BackboneError


@dataclass(frozen=True)
class Grid:
    """An encoder's input and the time grid of its output.

    Attributes
    ----------
    sample_rate
        Of the input (Hz).
    hop
        Samples from one frame of the output to the next.
    frames
        Frames of one window.
    samples
        Length of one window.
    lead
        Samples of the window before the first frame's ``hop`` samples.
    level_dbfs
        Root mean square that the encoder expects of its input (dB re 1.0).
    hidden, depth
        Width of a hidden state, and the number of the last one (the output); 0 is the input to the first
        layer.
    transform
        Other numbers that bear on the features.
    band
        What the encoder is used to of a heart sound (Hz).
    """

    sample_rate: int
    hop: int
    frames: int
    samples: int
    lead: int
    level_dbfs: float
    hidden: int
    depth: int
    transform: Mapping[str, Any] = field(default_factory=dict)
    band: tuple[float, float] = (20.0, 800.0)

    def window(self, token_rate: float | None) -> Window:
        """The window on the grid of tokens, pooled to ``token_rate`` (Hz) or left at the encoder's own rate.

        Raises
        ------
        BackboneError
            When the rate is above the encoder's own, or does not divide the sample rate.
        """
        own = self.sample_rate / self.hop
        hop = self.sample_rate / (token_rate or own)
        if hop < self.hop or not hop.is_integer():
            raise BackboneError(
                f"token_rate {token_rate} does not fit {own:g} tokens/s at {self.sample_rate} Hz; "
                f"choose at most {own:g}, dividing {self.sample_rate}, or leave it out"
            )
        tokens = self.frames * self.hop // int(hop)
        if tokens < 1:
            raise BackboneError(
                f"a window of {self.samples / self.sample_rate:g} s holds no token of {hop} samples"
            )
        tail = self.samples - self.lead - tokens * int(hop)
        return Window(int(hop), tokens, self.lead, tail)

    def layers(self, wanted: Sequence[int]) -> tuple[int, ...]:
        """Layer numbers counted from 0, of numbers that may count from the end.

        Raises
        ------
        BackboneError
            When there is no such layer.
        """
        count = self.depth + 1
        missing = [layer for layer in wanted if not -count <= layer < count]
        if missing:
            raise BackboneError(
                f"there is no layer {missing[0]}; this encoder has 0 to {self.depth}, -1 the last"
            )
        return tuple(layer % count for layer in wanted)


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
    """The layers asked for of a transformers output; the last is the one after the final norm."""
    return [output.last_hidden_state if layer == depth else output.hidden_states[layer] for layer in layers]
