"""Random training batches: patients with one augmented crop of each recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from heartfeat.heads.examples import Examples
from heartfeat.heads.mamba.augment import augment
from heartfeat.heads.mamba.crops import CropCutter
from heartfeat.heads.mamba.net import MambaFormerNet
from heartfeat.heads.neural.bags import labels_of_recordings, one_hot, partners, slots_of
from heartfeat.heads.neural.random_views import random_views
from heartfeat.heads.settings import MambaFormerSettings


@dataclass(frozen=True)
class Batch:
    """Some patients, ready for the network.

    Attributes
    ----------
    crops
        Standardised, augmented crops ``(recordings, tokens, D)`` by feature set.
    sites, slots, metadata
        As `MambaFormerNet.patient_logits` takes them.
    patient_targets, recording_targets
        ``(patients, classes)`` and ``(recordings, classes)``; a row of an unlabelled one sums to less than 1.
    """

    crops: dict[str, Tensor]
    sites: Tensor
    slots: Tensor
    metadata: Tensor
    patient_targets: Tensor
    recording_targets: Tensor


class BatchMaker:
    """Draws batches from the training patients; every draw comes from one generator."""

    def __init__(
        self,
        examples: Examples,
        cutter: CropCutter,
        sites: np.ndarray,
        metadata: np.ndarray,
        settings: MambaFormerSettings,
        generator: np.random.Generator,
    ) -> None:
        self.examples, self.cutter, self.settings, self.generator = examples, cutter, settings, generator
        self.sites, self.metadata = sites, metadata
        self.rows = slots_of(examples.patient_of, len(examples.patients))
        self.patient_targets = one_hot(examples.labels, len(examples.classes))
        self.recording_targets = one_hot(labels_of_recordings(examples), len(examples.classes))

    @property
    def batches(self) -> int:
        """Batches per epoch; the patients that are left over are others in every epoch."""
        return max(1, len(self.examples.patients) // self.settings.batch_patients)

    def epoch(self, net: MambaFormerNet) -> Iterator[Batch]:
        """All batches of one epoch, in a new order."""
        order = self.generator.permutation(len(self.examples.patients))
        size = self.settings.batch_patients
        for i in range(self.batches):
            yield self._batch(order[i * size : (i + 1) * size], net)

    def _batch(self, patients: np.ndarray, net: MambaFormerNet) -> Batch:
        rows = self.rows[patients]
        recordings = rows[rows >= 0]
        counts = (rows >= 0).sum(1)
        slots = slots_of(np.repeat(np.arange(len(patients)), counts), len(patients))
        starts = self.cutter.random_starts(recordings, self.generator)
        crops = net.standardise(
            self.cutter.cut(
                recordings, starts, random_views(len(self.examples.views), len(recordings), self.generator)
            )
        )
        batch = Batch(
            crops=crops,
            sites=torch.from_numpy(self.sites[recordings]),
            slots=torch.from_numpy(slots),
            metadata=torch.from_numpy(self.metadata[patients]),
            patient_targets=torch.from_numpy(self.patient_targets[patients]),
            recording_targets=torch.from_numpy(self.recording_targets[recordings]),
        )
        return self._augmented(self._mixed(batch, slots, counts) if self.settings.mixup else batch)

    def _mixed(self, batch: Batch, slots: np.ndarray, counts: np.ndarray) -> Batch:
        mate = self.generator.permutation(len(slots))
        rows = torch.from_numpy(partners(slots, batch.sites.numpy(), mate, self.generator))
        drawn = self.generator.beta(self.settings.mixup, self.settings.mixup, len(slots)).astype(np.float32)
        own = torch.from_numpy(np.maximum(drawn, 1 - drawn))
        of_recording = own.repeat_interleave(torch.from_numpy(counts))
        return Batch(
            crops={name: _blend(crops, crops[rows], of_recording) for name, crops in batch.crops.items()},
            sites=batch.sites,
            slots=batch.slots,
            metadata=_blend(batch.metadata, batch.metadata[mate], own),
            patient_targets=_blend(batch.patient_targets, batch.patient_targets[mate], own),
            recording_targets=_blend(batch.recording_targets, batch.recording_targets[rows], of_recording),
        )

    def _augmented(self, batch: Batch) -> Batch:
        for spec in self.cutter.specs:
            batch.crops[spec.name] = augment(batch.crops[spec.name], spec.spectrogram, self.generator)
        return batch


def _blend(own: Tensor, other: Tensor, share: Tensor) -> Tensor:
    share = share.view(-1, *[1] * (own.dim() - 1))
    return share * own + (1 - share) * other
