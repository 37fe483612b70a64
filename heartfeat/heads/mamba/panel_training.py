"""Several networks that learn from the same patients, each without one part of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

import numpy as np

from heartfeat.heads.examples import Examples
from heartfeat.heads.mamba.inputs import Inputs
from heartfeat.heads.mamba.net import MambaFormerNet
from heartfeat.heads.mamba.panel import Said, mean_said
from heartfeat.heads.mamba.predictor import Predictor
from heartfeat.heads.mamba.training import train_net
from heartfeat.heads.monitor import Callback, Monitor
from heartfeat.heads.neural.compute import Compute, computing, current_compute
from heartfeat.heads.neural.threads import one_thread
from heartfeat.heads.side_by_side import side_by_side
from heartfeat.progress import Progress, silent

_SEED_STEP = 1_000
"""Between the seeds of the networks of inner folds, so that neighbouring seeds of a run share none."""

Trained: TypeAlias = tuple[MambaFormerNet, list[dict[str, float]], Said]
"""A network, its history, and what it says of the patients that it did without."""


def train_panel(inputs: Inputs, learned: Examples, fold: np.ndarray, monitor: Monitor) -> list[Trained]:
    """A network without each part of the patients, in turn or as many at a time as `Compute` says, with the same bits.

    Parameters
    ----------
    fold
        ``(patients,)``: number of the part that each of ``learned`` is in.
    """
    networks = [_Network(inputs, learned, fold, number) for number in range(int(fold.max()) + 1)]
    compute = current_compute()
    if compute.networks == 1:
        return [network.train(monitor) for network in networks]
    bare = replace(monitor, progress=silent, callbacks=())
    works = [partial(_train_elsewhere, network, bare, compute) for network in networks]
    return side_by_side(works, compute.networks, monitor.progress, tuple(monitor.callbacks))


@dataclass(frozen=True)
class _Network:
    """One network, to be trained without the part ``number`` and asked about it."""

    inputs: Inputs
    learned: Examples
    fold: np.ndarray
    number: int

    def train(self, monitor: Monitor) -> Trained:
        ids, seed = self.learned.patients["patient"].to_numpy(), self.inputs.settings.seed
        held = self.learned.take(ids[self.fold == self.number])
        train = self.learned.take(ids[self.fold != self.number])
        watching = _of_inner_fold(monitor, self.number, int(self.fold.max()) + 1)
        net, epochs = train_net(self.inputs, train, held, watching, seed + _SEED_STEP * self.number)
        return net, epochs, said_by(self.inputs, [self.inputs.predictor(net, held)], len(held.views))


def _train_elsewhere(
    network: _Network, monitor: Monitor, compute: Compute, progress: Progress, callbacks: tuple[Callback, ...]
) -> Trained:
    with computing(compute), one_thread():
        return network.train(replace(monitor, progress=progress, callbacks=callbacks))


def said_by(inputs: Inputs, predictors: Sequence[Predictor], views: int) -> Said:
    """What networks say of the patients that they are given, the mean over networks, view by view."""
    settings, all_said = inputs.settings, []
    for one in predictors:
        of_views = [one.view(number) for number in range(views)]
        patients, recordings = (np.stack(part) for part in zip(*of_views, strict=True))
        judged = patients if settings.patient_weight else None
        all_said.append(Said(judged, recordings if settings.recording_weight else None))
    return mean_said(all_said)


def _of_inner_fold(monitor: Monitor, number: int, count: int) -> Monitor:
    """``monitor`` for one network of several: its progress says which, and its checkpoint is a file of its own."""

    def progress(what: str, done: int, total: int) -> None:
        monitor(f"inner fold {number + 1} of {count}: {what}", done, total)

    kept = monitor.checkpoint
    checkpoint = None if kept is None else kept.with_stem(f"{kept.stem}-{number}")
    return replace(monitor, progress=progress, checkpoint=checkpoint, inner_fold=number)
