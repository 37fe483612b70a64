"""Attentive pooling of a set or sequence to one vector."""

import torch
from torch import Tensor, nn

HEADS = 4


class AttentivePooling(nn.Module):
    """Weighted mean and deviation, the weights computed per head from the elements themselves.

    Okabe et al., "Attentive statistics pooling", Interspeech 2018, with one set of weights per channel group.
    """

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(width, width // 2), nn.Tanh(), nn.Linear(width // 2, HEADS))
        self.project = nn.Sequential(nn.Linear(2 * width, width), nn.GELU(), nn.Dropout(dropout))

    def forward(self, elements: Tensor, present: Tensor | None = None) -> Tensor:
        """Pool over the second axis.

        Parameters
        ----------
        elements
            ``(batch, elements, width)``.
        present
            ``(batch, elements)`` bool, False where an element is padding; at least one True per row.

        Returns
        -------
        Tensor
            ``(batch, width)``.
        """
        scores = self.score(elements)
        if present is not None:
            scores = scores.masked_fill(~present.unsqueeze(-1), float("-inf"))
        weights = torch.softmax(scores, dim=1).unsqueeze(-1)
        grouped = elements.unflatten(-1, (HEADS, -1))
        mean = (weights * grouped).sum(1)
        variance = (weights * (grouped - mean.unsqueeze(1)).square()).sum(1)
        return self.project(torch.cat([mean, (variance + 1e-5).sqrt()], dim=-1).flatten(1))
