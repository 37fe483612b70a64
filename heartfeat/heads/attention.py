"""The `attention` head: gated attention over a patient's recordings."""

import torch
from torch import Tensor, nn

from heartfeat.heads.pooled.bag_net import BagNet, perceptron
from heartfeat.heads.pooled.base import PooledHead
from heartfeat.heads.pooled.settings import AttentionSettings


class AttentionNet(BagNet):
    """Multiple-instance learning: a patient is the weighted mean of its recordings, weighted by what they hold.

    Ilse, Tomczak & Welling, "Attention-based deep multiple instance learning", ICML 2018, equation 9: the weights
    are ``softmax(w (tanh(V h) * sigmoid(U h)))`` over the recordings' vectors ``h``.
    """

    def __init__(self, columns: int, classes: int, settings: AttentionSettings) -> None:
        width, dropout = settings.width, settings.dropout
        super().__init__(columns, width, width, classes, dropout)
        self.layers = perceptron(columns, width, dropout)
        self.content = nn.Linear(width, settings.attention_width)
        self.gate = nn.Linear(width, settings.attention_width)
        self.score = nn.Linear(settings.attention_width, 1)

    def encode(self, rows: Tensor) -> Tensor:
        """A vector of each recording."""
        return self.layers(rows)

    def pool(self, bags: Tensor, present: Tensor) -> Tensor:
        """Weighted mean over recordings."""
        return (self.attention(bags, present).unsqueeze(-1) * bags).sum(1)

    def attention(self, bags: Tensor, present: Tensor) -> Tensor:
        """Weights ``(patients, slots)`` of the recordings; each row sums to 1, empty slots have none."""
        scores = self.score(torch.tanh(self.content(bags)) * torch.sigmoid(self.gate(bags))).squeeze(-1)
        return torch.softmax(scores.masked_fill(~present, float("-inf")), dim=1)


class Attention(PooledHead):
    """Gated attention on pooled features, metadata, site and quality figures.

    Parameters
    ----------
    settings
        Widths, recipe and seed.
    """

    settings_class = AttentionSettings
    settings: AttentionSettings

    def _new_net(self, columns: int, classes: int) -> AttentionNet:
        return AttentionNet(columns, classes, self.settings)
