"""Fit one head per fold and predict the patients that it never saw."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from heartfeat.cohorts.splits import Fold, Splits
from heartfeat.errors import SplitError
from heartfeat.heads.examples import UNLABELLED, Examples
from heartfeat.heads.head import Head, Prediction, Progress


@dataclass(frozen=True)
class FittedFold:
    """One fold's head, what it saw, and what it says of its test patients.

    Attributes
    ----------
    test
        Test patients without labels.
    prediction
        Probabilities for ``test``, view by view.
    seen
        Persons among the training and validation patients.
    seconds
        Wall-clock time of fitting.
    """

    number: int
    head: Head
    test: Examples
    prediction: Prediction
    seen: tuple[str, ...]
    history: list[dict[str, float]]
    seconds: float


def fit_folds(
    examples: Examples, splits: Splits, make_head: Callable[[int], Head], progress: Progress
) -> list[FittedFold]:
    """Fit ``make_head(fold)`` on every fold's training patients and predict its test patients.

    A head gets its test patients without labels, so nothing it does can depend on them. Patients without a
    label take no part in training and are still predicted.
    """
    return [
        _fit_fold(examples, number, fold, make_head(number), progress)
        for number, fold in enumerate(splits.folds)
    ]


def _fit_fold(examples: Examples, number: int, fold: Fold, head: Head, progress: Progress) -> FittedFold:
    train, valid = (_labelled(examples.take(patients)) for patients in (fold.train, fold.valid))
    test = examples.take(fold.test).without_labels()
    for side, part in (("train", train), ("test", test)):
        if not len(part.patients):
            raise SplitError(
                f"fold {number} has no usable patients in {side}; check that the split fits the store"
            )

    def report(what: str, done: int, total: int) -> None:
        progress(f"fold {number}: {what}", done, total)

    started = time.perf_counter()
    history = head.fit(train, valid, report)
    seconds = time.perf_counter() - started
    report("predicting", 0, 1)
    prediction = head.predict(test)
    report("predicting", 1, 1)
    return FittedFold(
        number=number,
        head=head,
        test=test,
        prediction=prediction,
        seen=tuple(sorted({*train.patients["person"], *valid.patients["person"]})),
        history=history,
        seconds=seconds,
    )


def _labelled(examples: Examples) -> Examples:
    if (examples.labels != UNLABELLED).all():
        return examples
    known = examples.patients["patient"].filter(examples.labels != UNLABELLED)
    return examples.take(list(known))
