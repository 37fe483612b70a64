"""Attention between the recordings of one patient."""

import torch
from torch import Tensor, nn

from heartfeat.heads.mamba.pooling import HEADS, AttentivePooling


class SiteAttention(nn.Module):
    """Each recording looks at the others, then all are pooled to one vector per patient.

    There is no position but the site, so the order of recordings does not matter, and padding is masked out.
    """

    def __init__(self, width: int, sites: int, dropout: float) -> None:
        super().__init__()
        self.site = nn.Embedding(sites, width)
        self.norm = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, HEADS, dropout=dropout, batch_first=True)
        self.pooling = AttentivePooling(width, dropout)
        nn.init.normal_(self.site.weight, std=0.1)

    def forward(self, recordings: Tensor, sites: Tensor, present: Tensor) -> Tensor:
        """Vectors ``(patients, slots, width)`` with their site codes and mask to ``(patients, width)``."""
        placed = recordings + self.site(sites)
        normal = self.norm(placed)
        seen, _ = self.attention(normal, normal, normal, key_padding_mask=~present, need_weights=False)
        return self.pooling(torch.where(present.unsqueeze(-1), placed + seen, 0.0), present)


class SiteMean(nn.Module):
    """What there is without attention between recordings: their mean, each with its site added."""

    def __init__(self, width: int, sites: int) -> None:
        super().__init__()
        self.site = nn.Embedding(sites, width)
        nn.init.normal_(self.site.weight, std=0.1)

    def forward(self, recordings: Tensor, sites: Tensor, present: Tensor) -> Tensor:
        """As `SiteAttention.forward`."""
        placed = torch.where(present.unsqueeze(-1), recordings + self.site(sites), 0.0)
        return placed.sum(1) / present.sum(1, keepdim=True)
