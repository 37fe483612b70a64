"""Logits of other tasks than the one that counts: they teach the shared layers, and are told beside it."""

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from heartfeat.heads.neural.losses import weighted_cross_entropy


class AuxiliaryTasks(nn.Module):
    """One linear map per task from the vectors of patients, and one from those of recordings.

    Parameters
    ----------
    tasks
        Number of classes by task.
    patients, recordings
        Widths of the vectors.
    """

    def __init__(self, tasks: Mapping[str, int], patients: int, recordings: int) -> None:
        super().__init__()
        self.of_patients = nn.ModuleDict({name: nn.Linear(patients, size) for name, size in tasks.items()})
        self.of_recordings = nn.ModuleDict(
            {name: nn.Linear(recordings, size) for name, size in tasks.items()}
        )

    def forward(self, patients: Tensor) -> dict[str, Tensor]:
        """Logits ``(patients, classes)`` by task."""
        return {name: layer(patients) for name, layer in self.of_patients.items()}

    def loss(
        self, patients: Tensor, recordings: Tensor, targets: Mapping[str, tuple[Tensor, Tensor]]
    ) -> Tensor:
        """Mean over tasks of the cross-entropy per patient plus that per recording; who has no label does not count.

        Parameters
        ----------
        patients, recordings
            Vectors, ``(patients, width)`` and ``(recordings, width)``.
        targets
            ``(patients, classes)`` and ``(recordings, classes)`` by task; rows of zeros where there is no label.
        """
        losses = []
        for name, pair in targets.items():
            layers = cast(nn.Linear, self.of_patients[name]), cast(nn.Linear, self.of_recordings[name])
            for vectors, layer, wanted in zip((patients, recordings), layers, pair, strict=True):
                even = torch.ones(wanted.shape[1], device=wanted.device)
                losses.append(weighted_cross_entropy(layer(vectors).float(), wanted, even))
        return torch.stack(losses).sum() / len(targets)
