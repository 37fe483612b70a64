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
from heartfeat.heads.neural.bags import one_hot, partners, slots_of
from heartfeat.heads.neural.random_views import random_views
from heartfeat.heads.settings import MambaFormerSettings


@dataclass(frozen=True)
class Batch:
    """Some patients, ready for the network.

    Attributes
    ----------
    crops
        Standardised, augmented crops ``(recordings, tokens, D)`` by feature set, on the cutter's device.
    sites, slots, metadata
        As `MambaFormerNet.patient_logits` takes them.
    patient_targets, recording_targets
        ``(patients, classes)`` and ``(recordings, classes)``; a row of an unlabelled one sums to less than 1.
    extra_targets
        The same pair for every auxiliary task, by name.
    """

    crops: dict[str, Tensor]
    sites: Tensor
    slots: Tensor
    metadata: Tensor
    patient_targets: Tensor
    recording_targets: Tensor
    extra_targets: dict[str, tuple[Tensor, Tensor]]


RECORDINGS_PER_PATIENT = 4
"""Recordings in a step for every patient that a step would hold, where recordings are drawn one by one."""


class BatchMaker:
    """Draws batches of training patients, or of single recordings; every draw comes from one generator.

    Patients come with all their recordings, which are alike and share their labels; where nothing is learned of
    patients, single recordings of many of them make a better batch.
    """

    def __init__(
        self,
        examples: Examples,
        cutter: CropCutter,
        sites: np.ndarray,
        metadata: np.ndarray,
        recording_targets: np.ndarray,
        settings: MambaFormerSettings,
        generator: np.random.Generator,
    ) -> None:
        self.examples, self.cutter, self.settings, self.generator = examples, cutter, settings, generator
        self.sites, self.metadata = sites, metadata
        self.rows = slots_of(examples.patient_of, len(examples.patients))
        self.patient_targets = one_hot(examples.labels, len(examples.classes))
        self.recording_targets = recording_targets
        extras = {name: examples.extra_labels[name] for name in settings.tasks}
        self.extra_targets = {
            name: tuple(one_hot(codes, len(extra.classes)) for codes in (extra.patients, extra.recordings))
            for name, extra in extras.items()
        }

        labelled = np.flatnonzero(self.recording_targets.any(axis=1))
        self.singly = settings.patient_weight == 0
        self._units = labelled if self.singly else np.arange(len(examples.patients))
        self._size = settings.batch_patients * (RECORDINGS_PER_PATIENT if self.singly else 1)

    @property
    def batches(self) -> int:
        """Batches per epoch; what is left over is other recordings or patients in every epoch."""
        return max(1, len(self._units) // self._size)

    def epoch(self, net: MambaFormerNet) -> Iterator[Batch]:
        """All batches of one epoch, in a new order."""
        order = self.generator.permutation(self._units)
        for i in range(self.batches):
            chosen = order[i * self._size : (i + 1) * self._size]
            if self.singly:
                yield self._batch(chosen, self.examples.patient_of[chosen], np.ones_like(chosen), net)
            else:
                rows = self.rows[chosen]
                yield self._batch(rows[rows >= 0], chosen, (rows >= 0).sum(1), net)

    def _batch(
        self, recordings: np.ndarray, patients: np.ndarray, counts: np.ndarray, net: MambaFormerNet
    ) -> Batch:
        """``counts`` of the ``recordings`` belong to each of the ``patients``."""
        slots = slots_of(np.repeat(np.arange(len(patients)), counts), len(patients))
        starts = self.cutter.random_starts(recordings, self.generator)
        views = len(self.examples.views) if self.settings.view_augment else 1
        crops = net.standardise(
            self.cutter.cut(recordings, starts, random_views(views, len(recordings), self.generator))
        )
        batch = Batch(
            crops=crops,
            sites=torch.from_numpy(self.sites[recordings]),
            slots=torch.from_numpy(slots),
            metadata=torch.from_numpy(self.metadata[patients]),
            patient_targets=torch.from_numpy(self.patient_targets[patients]),
            recording_targets=torch.from_numpy(self.recording_targets[recordings]),
            extra_targets={
                name: (torch.from_numpy(of_patients[patients]), torch.from_numpy(of_recordings[recordings]))
                for name, (of_patients, of_recordings) in self.extra_targets.items()
            },
        )
        batch = self._mixed(batch, slots, counts) if self.settings.mixup else batch
        return self._augmented(batch) if self.settings.spec_augment else batch

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
            extra_targets={
                name: (_blend(patients, patients[mate], own), _blend(heard, heard[rows], of_recording))
                for name, (patients, heard) in batch.extra_targets.items()
            },
        )

    def _augmented(self, batch: Batch) -> Batch:
        for spec in self.cutter.specs:
            batch.crops[spec.name] = augment(batch.crops[spec.name], spec, self.generator)
        return batch


def _blend(own: Tensor, other: Tensor, share: Tensor) -> Tensor:
    share = share.view(-1, *[1] * (own.dim() - 1)).to(own.device)
    return share * own + (1 - share) * other
