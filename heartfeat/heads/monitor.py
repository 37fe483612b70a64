"""What watches a head being fitted: progress, callbacks after every epoch, scores, and a place for checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np

from heartfeat.progress import Progress, silent

Scorer: TypeAlias = Callable[[np.ndarray, np.ndarray], Mapping[str, float]]
"""``score(labels, probabilities)``: scores of ``(P,)`` class codes and ``(P, classes)`` posteriors, by name."""


class StopTraining(Exception):  # noqa: N818 - a signal, as StopIteration is
    """Raised by a callback to end training after the present epoch; the head keeps what it has learned."""


@dataclass(frozen=True)
class Epoch:
    """One epoch that has just ended: all that a callback is given.

    Attributes
    ----------
    head
        Kind of the head.
    fold
        Number of the fold, from 0.
    epoch, epochs
        Number of the epoch, from 1, and the most that there will be.
    values
        ``loss``, and where the validation patients were judged ``valid_loss`` and ``valid_<score>``.
    learning_rate
        Of the epoch's last step.
    seconds
        Since the training of this network began, or went on from its checkpoint.
    inner_fold
        Number of the inner fold that this network does without; None where a fold has a single network.
    """

    head: str
    fold: int
    epoch: int
    epochs: int
    values: Mapping[str, float]
    learning_rate: float
    seconds: float
    inner_fold: int | None = None

    @property
    def network(self) -> str:
        """Name of the network that is trained: ``fold0``, or ``fold0-inner2``."""
        return f"fold{self.fold}" if self.inner_fold is None else f"fold{self.fold}-inner{self.inner_fold}"


Callback: TypeAlias = Callable[[Epoch], None]
"""Called after every epoch of a neural head; may raise `StopTraining`."""


@dataclass(frozen=True)
class Monitor:
    """The third argument of ``Head.fit``: callable as ``monitor(what, done, total)``, and more for heads that ask.

    Attributes
    ----------
    progress
        Told how far the fit is.
    callbacks
        Called after every epoch, in this order.
    score
        Scores of the validation patients, for early stopping and for ``values`` of an `Epoch`. Heads know nothing of
        evaluation, so whoever fits them brings it.
    checkpoint
        File (``.safetensors``) that a neural head keeps its training in, and goes on from when it is there; None
        keeps nothing.
    fold, inner_fold
        Numbers of the fold, and of the inner fold in a head that has several networks.
    """

    progress: Progress = silent
    callbacks: Sequence[Callback] = field(default_factory=tuple)
    score: Scorer | None = None
    checkpoint: Path | None = None
    fold: int = 0
    inner_fold: int | None = None

    def __call__(self, what: str, done: int, total: int) -> None:
        self.progress(what, done, total)

    def epoch_ended(self, epoch: Epoch) -> bool:
        """Tell every callback of ``epoch``; whether one of them wants training to stop."""
        stop = False
        for callback in self.callbacks:
            try:
                callback(epoch)
            except StopTraining:
                stop = True
        return stop


def as_monitor(progress: Progress) -> Monitor:
    """``progress`` itself where it is a monitor, else a monitor that only reports to it."""
    return progress if isinstance(progress, Monitor) else Monitor(progress)
