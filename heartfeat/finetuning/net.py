"""A backbone with a linear head on what is pooled of its tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from heartfeat.backbones.encoder import PooledLayers


class FinetuneNet(nn.Module):
    """Crops in, class logits out.

    Parameters
    ----------
    backbone
        Gives ``(B, tokens, dim)`` of ``(B, samples)``: the tokens that extraction stores.
    dim, classes
        Numbers per token, and classes.
    """

    def __init__(self, backbone: PooledLayers, dim: int, classes: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = nn.Sequential(nn.LayerNorm(2 * dim), nn.Linear(2 * dim, classes))

    def forward(self, crops: Tensor) -> Tensor:
        """``(B, samples)`` to ``(B, classes)``: linear on mean and maximum over the tokens, normalised."""
        tokens = self.backbone(crops).float()
        return self.head(torch.cat([tokens.mean(dim=1), tokens.amax(dim=1)], dim=1))

    def train(self, mode: bool = True) -> FinetuneNet:
        """As of any module, but what does not learn stays as in extraction: no dropout, fixed batch norms."""
        super().train(mode)
        for module in self.backbone.modules():
            parameters = list(module.parameters())
            if parameters and not any(p.requires_grad for p in parameters):
                module.eval()
        return self

    def let_learn(self, names: set[str]) -> None:
        """Freeze all of the encoder's weights but these."""
        for name, parameter in self.backbone.encoder.named_parameters():
            parameter.requires_grad_(name in names)
