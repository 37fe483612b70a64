"""Inputs on a common scale."""

import torch
from torch import Tensor, nn


class Standardise(nn.Module):
    """Zero mean and unit deviation per input dimension, over the training tokens."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("deviation", torch.ones(dim))

    def learn(self, tokens: Tensor) -> None:
        """Take mean and deviation from tokens ``(rows, dim)``; every tenth row of many is enough."""
        sample = tokens[:: max(1, min(10, len(tokens) // 1000))].float()
        self.mean.copy_(sample.mean(0))
        self.deviation.copy_(sample.std(0, correction=0).clamp(min=1e-3))

    def forward(self, tokens: Tensor) -> Tensor:
        """``(batch, tokens, dim)`` in and out."""
        return (tokens - self.mean) / self.deviation
