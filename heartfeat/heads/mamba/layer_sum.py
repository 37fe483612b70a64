"""A learned weighted sum of the layers that a feature set holds side by side."""

import torch
from torch import Tensor, nn


class LayerSum(nn.Module):
    """One weight per layer, all equal at first, over layers brought to one scale.

    Yang et al., "SUPERB: Speech processing universal performance benchmark", Interspeech 2021: without a common scale
    (here: layer norm without weights, token by token) the loudest layer would drown the others.

    Parameters
    ----------
    layers
        Layers side by side in a token.
    """

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(layers))

    @property
    def weights(self) -> Tensor:
        """``(layers,)``, positive, sum 1."""
        return torch.softmax(self.scores, dim=0)

    def forward(self, tokens: Tensor) -> Tensor:
        """``(batch, tokens, layers x hidden)`` to ``(batch, tokens, hidden)``."""
        layers = tokens.unflatten(-1, (len(self.scores), -1))
        scaled = nn.functional.layer_norm(layers, layers.shape[-1:])
        return torch.einsum("l,btlh->bth", self.weights, scaled)
