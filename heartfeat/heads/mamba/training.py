"""Training one network of the `mambaformer` head."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from heartfeat.heads.examples import Examples
from heartfeat.heads.mamba.crops import CropCutter
from heartfeat.heads.mamba.inputs import Inputs
from heartfeat.heads.mamba.net import MambaFormerNet
from heartfeat.heads.mamba.teacher import recording_targets
from heartfeat.heads.mamba.training_bags import Batch, BatchMaker
from heartfeat.heads.monitor import Monitor
from heartfeat.heads.neural.checkpoint import made_of
from heartfeat.heads.neural.compute import current_compute, moved, on_device
from heartfeat.heads.neural.contrastive import class_confidence, supervised_contrastive
from heartfeat.heads.neural.loop import Loop
from heartfeat.heads.neural.losses import make_loss
from heartfeat.heads.neural.trainer import Trainer
from heartfeat.heads.patient_evidence import mean_per_patient

_WATCH_EVERY = 5
"""Epochs between looks at the validation patients, which cost a part of an epoch."""


def train_net(
    inputs: Inputs, train: Examples, valid: Examples, monitor: Monitor, seed: int
) -> tuple[MambaFormerNet, list[dict[str, float]]]:
    """A network trained on ``train`` and watched on ``valid``, on the CPU again, and its history."""
    settings, compute = inputs.settings, current_compute()
    torch.manual_seed(seed)
    net = inputs.new_net()
    cutter = CropCutter(train, inputs.specs, settings.crop_seconds, compute.device)
    net.learn_scales(cutter.clean_tokens())
    generator = np.random.default_rng(seed)
    sites, metadata = inputs.sites_of(train), inputs.metadata_of(train)
    targets = recording_targets(train, settings, seed)
    maker = BatchMaker(train, cutter, sites, metadata, targets, settings, generator)
    steps, placed = settings.epochs * maker.batches, on_device(net, compute.device)
    rate, decay = settings.learning_rate, settings.weight_decay
    trainer = Trainer(placed, steps, maker.batches, rate, decay, settings.clip)
    loss_of = BatchLoss(inputs, compute.device)

    def losses() -> Iterator[Tensor]:
        for batch in maker.epoch(placed):
            with compute.autocast():
                loss = loss_of(placed, moved(batch, compute.device))
            yield loss

    described = made_of(settings.model_dump(mode="json"), train, valid)
    labels, judge = valid.labels, lambda: _judge(inputs, trainer.averaged, valid)
    loop = Loop(
        settings, trainer, losses, labels, judge, generator, monitor, described, watch_every=_WATCH_EVERY
    )
    history = loop.run()
    return on_device(trainer.averaged, "cpu"), history


class BatchLoss:
    """The weighted sum of all losses that the settings ask for."""

    def __init__(self, inputs: Inputs, device: str) -> None:
        self.settings = settings = inputs.settings
        self._criterion = make_loss(settings.loss, settings.gamma, settings.label_smoothing)
        self._weights = torch.from_numpy(inputs.class_weights).float().to(device)
        self._sure = class_confidence(inputs.classes).to(device)

    def __call__(self, net: MambaFormerNet, batch: Batch) -> Tensor:
        """The loss of one batch, a scalar."""
        settings, vectors = self.settings, net.encode(batch.crops)
        loss = vectors.new_zeros(())
        if settings.patient_weight or net.auxiliary is not None:
            patients = net.patient_vectors(vectors, batch.sites, batch.slots, batch.metadata)
        if settings.patient_weight:
            logits = net.patient_classifier(patients)
            loss = loss + settings.patient_weight * self._criterion(
                logits, batch.patient_targets, self._weights
            )
        if settings.recording_weight:
            logits = net.recording_logits(vectors)
            loss = loss + settings.recording_weight * self._criterion(
                logits, batch.recording_targets, self._weights
            )
        if net.auxiliary is not None:
            loss = loss + settings.task_weight * net.auxiliary.loss(patients, vectors, batch.extra_targets)
        if net.projection is not None:
            projected = net.projection(vectors).float()
            contrast = supervised_contrastive(projected, batch.recording_targets, self._sure)
            loss = loss + settings.contrastive * contrast
        return loss


def _judge(inputs: Inputs, net: MambaFormerNet, valid: Examples) -> np.ndarray:
    """Posteriors of the validation patients, clean view; where only recordings are learned, their mean."""
    patients, recordings = inputs.predictor(net, valid).view(0)
    if inputs.settings.patient_weight:
        return patients
    return mean_per_patient(recordings, valid.patient_of, len(valid.patients))
