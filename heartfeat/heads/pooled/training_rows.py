"""Random training batches: patients with all their recordings, each in a random view."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from heartfeat.heads.examples import Examples
from heartfeat.heads.neural.bags import labels_of_recordings, one_hot, slots_of
from heartfeat.heads.neural.random_views import random_views


@dataclass(frozen=True)
class RowBatch:
    """Some patients, ready for a `BagNet`.

    Attributes
    ----------
    rows, slots
        As `BagNet.forward` takes them.
    patient_targets, recording_targets
        ``(patients, classes)`` and ``(recordings, classes)``; a row of an unlabelled one is all zero.
    """

    rows: Tensor
    slots: Tensor
    patient_targets: Tensor
    recording_targets: Tensor


class RowBatches:
    """Draws batches from the training patients; every draw comes from one generator.

    Parameters
    ----------
    examples
        Training patients.
    rows
        ``(views, recordings, columns)`` float32 table of their recordings.
    batch_patients
        Patients per batch; the last of an epoch may hold fewer.
    """

    def __init__(
        self, examples: Examples, rows: np.ndarray, batch_patients: int, generator: np.random.Generator
    ) -> None:
        self.rows, self.size, self.generator = torch.from_numpy(rows), batch_patients, generator
        self.slots = slots_of(examples.patient_of, len(examples.patients))
        self.patient_targets = one_hot(examples.labels, len(examples.classes))
        self.recording_targets = one_hot(labels_of_recordings(examples), len(examples.classes))

    @property
    def batches(self) -> int:
        """Batches per epoch."""
        return -(-len(self.slots) // self.size)

    def epoch(self) -> Iterator[RowBatch]:
        """All batches of one epoch, in a new order."""
        order = self.generator.permutation(len(self.slots))
        for first in range(0, len(order), self.size):
            yield self._batch(order[first : first + self.size])

    def _batch(self, patients: np.ndarray) -> RowBatch:
        slots = self.slots[patients]
        recordings = slots[slots >= 0]
        views = random_views(len(self.rows), len(recordings), self.generator)
        patient_of = np.repeat(np.arange(len(patients)), (slots >= 0).sum(1))
        return RowBatch(
            rows=self.rows[torch.from_numpy(views), torch.from_numpy(recordings)],
            slots=torch.from_numpy(slots_of(patient_of, len(patients))),
            patient_targets=torch.from_numpy(self.patient_targets[patients]),
            recording_targets=torch.from_numpy(self.recording_targets[recordings]),
        )
