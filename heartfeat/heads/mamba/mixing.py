"""What mixes the tokens of a crop: Mamba-2, attention to compare it with, or nothing."""

import math

import torch
from torch import Tensor, nn

from heartfeat.heads.mamba.block import MultiScaleBlock
from heartfeat.heads.mamba.pooling import HEADS
from heartfeat.heads.settings import MambaFormerSettings


class Positions(nn.Module):
    """Adds sines and cosines that tell tokens apart (Vaswani et al., "Attention is all you need", 2017)."""

    def forward(self, tokens: Tensor) -> Tensor:
        """``(batch, tokens, width)`` in and out, ``width`` even."""
        length, width = tokens.shape[1:]
        rates = torch.exp(torch.arange(0, width, 2, device=tokens.device) * (-math.log(10_000.0) / width))
        angles = torch.arange(length, device=tokens.device)[:, None] * rates
        return tokens + torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


def sequence_blocks(settings: MambaFormerSettings) -> list[nn.Module]:
    """Modules from ``(batch, tokens, width)`` to the same, one after the other; none for plain pooling."""
    width, dropout = settings.width, settings.dropout
    if settings.mixing == "none":
        return []
    if settings.mixing == "attention":
        return [Positions(), *(_attention(width, dropout) for _ in range(settings.layers))]
    return [MultiScaleBlock(width, settings.state, settings.scales, dropout) for _ in range(settings.layers)]


def _attention(width: int, dropout: float) -> nn.Module:
    return nn.TransformerEncoderLayer(
        width, HEADS, 2 * width, dropout, activation="gelu", batch_first=True, norm_first=True
    )
