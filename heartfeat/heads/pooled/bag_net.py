"""From the rows of patients' recordings to logits of both."""

import torch
from torch import Tensor, nn

from heartfeat.heads.neural.standardise import Standardise

LIMIT = 5.0
"""Standardised inputs are cut here, so that no odd recording outweighs all others."""


class BagNet(nn.Module):
    """Base of the networks over bags of recordings; a network fills in `encode` and `pool`.

    Parameters
    ----------
    columns, width, pooled, classes
        Numbers per recording, per encoded recording, per patient after pooling, and of classes.
    dropout
        Share of the inputs that a training step hides.
    """

    def __init__(self, columns: int, width: int, pooled: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.standardise = Standardise(columns)
        self.hide = nn.Dropout(dropout)
        self.recording_classifier = nn.Linear(width, classes)
        self.patient_classifier = nn.Linear(pooled, classes)

    def encode(self, rows: Tensor) -> Tensor:
        """``(recordings, columns)``, standardised, to ``(recordings, width)``."""
        raise NotImplementedError

    def pool(self, bags: Tensor, present: Tensor) -> Tensor:
        """``(patients, slots, width)`` and which slots are filled to ``(patients, pooled)``."""
        raise NotImplementedError

    def forward(self, rows: Tensor, slots: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of patients and of recordings.

        Parameters
        ----------
        rows
            ``(recordings, columns)``.
        slots
            ``(patients, slots)`` rows of each patient's recordings, -1 where there are fewer.
        """
        vectors = self.encode(self.hide(self.standardise(rows).clamp(-LIMIT, LIMIT)))
        bags, present = vectors[slots.clamp(min=0)], slots >= 0
        return self.patient_classifier(self.pool(bags, present)), self.recording_classifier(vectors)


def perceptron(columns: int, width: int, dropout: float) -> nn.Sequential:
    """Two hidden layers, ``(recordings, columns)`` to ``(recordings, width)``."""
    return nn.Sequential(
        nn.Linear(columns, width),
        nn.LayerNorm(width),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(width, width),
        nn.GELU(),
        nn.Dropout(dropout),
    )


def mean_of_present(bags: Tensor, present: Tensor) -> Tensor:
    """Mean over the filled slots, ``(patients, slots, width)`` to ``(patients, width)``."""
    filled = present.unsqueeze(-1)
    return torch.where(filled, bags, 0.0).sum(1) / filled.sum(1).clamp(min=1)


def highest_of_present(bags: Tensor, present: Tensor) -> Tensor:
    """Highest value over the filled slots, ``(patients, slots, width)`` to ``(patients, width)``."""
    return bags.masked_fill(~present.unsqueeze(-1), float("-inf")).amax(1)
