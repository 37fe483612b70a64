"""Bidirectional Mamba-2 at several time scales."""

import torch
from torch import Tensor, nn

from heartfeat.heads.mamba.mixer import Mixer


class BidirectionalMamba(nn.Module):
    """One mixer run forward and backward in time, its two outputs joined by a linear map.

    Both directions share weights and one call: at our sizes the number of calls, not of operations, takes the
    time. The linear map tells past from future.
    """

    def __init__(self, width: int, state: int) -> None:
        super().__init__()
        self.mixer = Mixer(width, state)
        self.join = nn.Linear(2 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """``(batch, tokens, width)`` in and out."""
        ahead, back = self.mixer(torch.cat([tokens, tokens.flip(1)])).chunk(2)
        return self.join(torch.cat([ahead, back.flip(1)], dim=-1))


class MultiScaleBlock(nn.Module):
    """Residual block whose branches see the sequence at several token rates.

    A branch of scale ``s`` averages ``s`` neighbouring tokens, runs a bidirectional mixer over the shorter
    sequence and repeats its output; a gate computed from the input weighs the branches per token and channel.
    """

    def __init__(self, width: int, state: int, scales: tuple[int, ...], dropout: float) -> None:
        super().__init__()
        self.scales = scales
        self.norm = nn.LayerNorm(width)
        self.branches = nn.ModuleList(BidirectionalMamba(width, state) for _ in scales)
        self.gate = nn.Linear(width, width * len(scales))
        self.dropout = nn.Dropout(dropout)
        # Starting almost as the identity lets the stem learn first (LayerScale, Touvron et al. 2021).
        self.scale = nn.Parameter(torch.full((width,), 0.1))

    def forward(self, tokens: Tensor) -> Tensor:
        """``(batch, tokens, width)`` in and out."""
        normal = self.norm(tokens)
        gates = torch.sigmoid(self.gate(normal)).chunk(len(self.scales), dim=-1)
        mixed = torch.zeros_like(tokens)
        for scale, branch, gate in zip(self.scales, self.branches, gates, strict=True):
            mixed = mixed + gate * stretch(branch(shrink(normal, scale)), scale, tokens.shape[1])
        return tokens + self.scale * self.dropout(mixed)


def shrink(tokens: Tensor, scale: int) -> Tensor:
    """Means of ``scale`` neighbouring tokens: ``(batch, n, width)`` to ``(batch, ceil(n / scale), width)``.

    A last group may be shorter.
    """
    if scale == 1:
        return tokens
    pooled = nn.functional.avg_pool1d(tokens.transpose(1, 2), scale, ceil_mode=True, count_include_pad=False)
    return pooled.transpose(1, 2)


def stretch(tokens: Tensor, scale: int, length: int) -> Tensor:
    """Every token ``scale`` times, cut to ``length``: ``(batch, n, width)`` to ``(batch, length, width)``."""
    return tokens if scale == 1 else tokens.repeat_interleave(scale, dim=1)[:, :length]
