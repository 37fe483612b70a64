"""Fit one head per fold and predict the patients that it never saw."""

import math
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from heartfeat.cohorts.splits import Fold, Splits
from heartfeat.errors import SplitError
from heartfeat.heads.examples import Examples
from heartfeat.heads.fingerprint import fingerprint
from heartfeat.heads.head import Head, HeadState, Prediction
from heartfeat.heads.held_out import predict_held_out
from heartfeat.heads.monitor import Callback
from heartfeat.heads.side_by_side import Work, networks_of, side_by_side
from heartfeat.progress import Progress
from heartfeat.training.fitting import IN_ORDER, Fitting
from heartfeat.training.kept_folds import KeptFold, KeptFolds
from heartfeat.training.protocol import EVERYTHING, Protocol


@dataclass(frozen=True)
class FittedFold:
    """One fold's head, what it saw, and what it says of its test patients.

    Attributes
    ----------
    state
        What is saved of ``head``.
    valid, valid_prediction
        Labelled validation patients, and probabilities for them, view by view: what calibration and decision rules
        may be fitted on.
    test
        Test patients without labels.
    prediction
        Probabilities for ``test``, view by view.
    trained_on
        How many ``patients`` and ``persons`` the head was trained on.
    seen
        Persons among the training and validation patients.
    seconds
        Wall-clock time of fitting.
    """

    number: int
    head: Head
    state: HeadState
    valid: Examples
    valid_prediction: Prediction
    test: Examples
    prediction: Prediction
    trained_on: dict[str, int]
    seen: tuple[str, ...]
    history: list[dict[str, float]]
    seconds: float


def fit_folds(
    examples: Examples,
    splits: Splits,
    make_head: Callable[[int], Head],
    progress: Progress,
    protocol: Protocol = EVERYTHING,
    fitting: Fitting = IN_ORDER,
    made_of: Mapping[str, Any] | None = None,
) -> list[FittedFold]:
    """Fit ``make_head(fold)`` on every fold's training patients and predict its test patients.

    A head gets its test patients without labels, so nothing it does can depend on them. Patients without a
    label take no part in training and are still predicted.

    Parameters
    ----------
    fitting
        How folds are fitted; it makes no difference to a fold, but for another device or precision.
    made_of
        JSON-able: what tells these heads from others, besides what they are shown. Kept folds of other heads are
        refused.

    Raises
    ------
    SplitError
        When a fold has nobody to train on or to test.
    RunError
        When a kept fold or checkpoint is of something else, or damaged.
    """
    tasks = [
        _Task(examples, number, fold, make_head, protocol, fitting, made_of or {})
        for number, fold in enumerate(splits.folds)
    ]
    there = {task.number: task.fitted(progress) for task in tasks if fitting.has(task.number)}
    missing = [task for task in tasks if task.number not in there]
    apart = missing[: _apart(missing, fitting.jobs)]
    if apart and fitting.kept is None:
        with tempfile.TemporaryDirectory(prefix="heartfeat-folds-") as folder:
            kept = replace(fitting, kept=KeptFolds(Path(folder)))
            return fit_folds(examples, splits, make_head, progress, protocol, kept, made_of)
    if apart:
        side_by_side([task.keep for task in apart], fitting.jobs, progress, fitting.callbacks)
    there |= {task.number: task.by_itself.fitted(progress) for task in missing}
    return [there[task.number] for task in tasks]


def _apart(tasks: "Sequence[_Task]", jobs: int) -> int:
    """How many folds to fit in processes of their own; those after them are fitted here, their networks side by side.

    Of 5 folds with 5 networks each, 2 jobs fit 4 folds in pairs, then the networks of the fifth in pairs.
    """
    folds = len(tasks)
    if jobs == 1 or folds <= 1:
        return 0
    left, networks = folds % jobs, networks_of(tasks[0].make_head(tasks[0].number))
    return folds - left if left * math.ceil(networks / jobs) < networks else folds


@dataclass(frozen=True)
class _Task:
    """One fold to be fitted."""

    examples: Examples
    number: int
    fold: Fold
    make_head: Callable[[int], Head]
    protocol: Protocol
    fitting: Fitting
    made_of: Mapping[str, Any]
    networks: int = 1
    """How many networks of it are trained at a time."""

    @property
    def by_itself(self) -> "_Task":
        """The fold, fitted while no other is."""
        return replace(self, networks=self.fitting.jobs)

    @property
    def keep(self) -> Work[None]:
        """Fits and keeps the fold, in another process."""
        return partial(_keep, replace(self, fitting=replace(self.fitting, callbacks=())))

    def fitted(self, progress: Progress) -> FittedFold:
        """The fold as it was kept, else fitted now."""
        train, valid = training_sides(self.examples, self.number, self.fold, self.protocol)
        test = self.protocol.to_test(self.examples.take(self.fold.test)).without_labels()
        self._check(train=train, test=test)
        head, kept = self._head(train, valid, test, progress)
        return FittedFold(
            number=self.number,
            head=head,
            state=kept.state,
            valid=valid,
            valid_prediction=kept.valid_prediction,
            test=test,
            prediction=kept.prediction,
            trained_on=self.protocol.trained_on(head, train, valid),
            seen=tuple(sorted({*train.patients["person"], *valid.patients["person"]})),
            history=kept.history,
            seconds=kept.seconds,
        )

    def _check(self, **sides: Examples) -> None:
        for side, part in sides.items():
            if not len(part.patients):
                raise SplitError(
                    f"fold {self.number} has no usable patients in {side}; check that the split fits the store"
                    f"{self.protocol.reason_for_none()}"
                )

    def _head(
        self, train: Examples, valid: Examples, test: Examples, progress: Progress
    ) -> tuple[Head, KeptFold]:
        head, keep = self.make_head(self.number), self.fitting.kept
        if keep is None:
            return head, self._fit(head, train, valid, test, progress)
        shown = {"train": train, "valid": valid, "test": test}
        made_of = {**self.made_of, **self.fitting.made_of(type(head))}
        made_of |= {side: fingerprint(part) for side, part in shown.items()}
        kept = keep.load(self.number, made_of)
        if kept is not None:
            return type(head).from_state(kept.state), kept
        kept = self._fit(head, train, valid, test, progress)
        keep.save(self.number, kept, made_of)
        return head, kept

    def _fit(
        self, head: Head, train: Examples, valid: Examples, test: Examples, progress: Progress
    ) -> KeptFold:
        monitor, started = self.fitting.monitor(self.number, progress), time.perf_counter()
        with self.fitting.placed(type(head), self.number, self.networks):
            history = head.fit(train, self.protocol.to_watch(head, valid), monitor)
            seconds = time.perf_counter() - started
            monitor("predicting", 0, 2)
            valid_prediction = predict_held_out(head, valid)
            monitor("predicting", 1, 2)
            prediction = head.predict(test)
            monitor("predicting", 2, 2)
        return KeptFold(head.state(), valid_prediction, prediction, history, seconds)


def _keep(task: _Task, progress: Progress, callbacks: tuple[Callback, ...]) -> None:
    replace(task, fitting=replace(task.fitting, callbacks=callbacks)).fitted(progress)


def training_sides(
    examples: Examples, number: int, fold: Fold, protocol: Protocol
) -> tuple[Examples, Examples]:
    """The labelled training and validation patients of a fold, as far as a protocol lets a head see them."""
    train, valid = (
        protocol.to_train(examples.take(patients)).labelled() for patients in (fold.train, fold.valid)
    )
    return protocol.few(train, number), valid
