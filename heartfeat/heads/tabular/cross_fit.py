"""Fit a model of rows, and learn what it would say of rows of persons that it had not seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from heartfeat.cores import core_count

_AT_ONCE = 4
"""Most models that are fitted at a time, each in a thread of its own: each has a copy of its rows."""


class RowModel(Protocol):
    """From rows of a table to class probabilities."""

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """``(n, columns)`` to ``(n, classes)``, rows sum to 1."""
        ...


@dataclass(frozen=True)
class CrossFit:
    """The outcome of :func:`cross_fit`.

    Attributes
    ----------
    model
        Fitted on all rows.
    unseen
        ``(views, n, classes)`` what models that had not seen a row's person say of it.
    """

    model: RowModel
    unseen: np.ndarray


def cross_fit(
    fit_rows: Callable[[np.ndarray, np.ndarray], RowModel],
    rows: np.ndarray,
    labels: np.ndarray,
    fold: np.ndarray,
    seed: int,
    done: Callable[[], None],
) -> CrossFit:
    """Fit on all rows, and once more without each fold; several models at a time where there are cores for them.

    A row is trained on as it is (view 0) and once more under a view of its own: on CirCor that does as well
    as all five views, at a third of the time, while a model of the clean view alone is badly off on masked
    ones.

    Parameters
    ----------
    fit_rows
        Takes ``(m, columns)`` rows and ``(m,)`` labels, and is called from several threads.
    rows
        ``(views, n, columns)``, the clean view first.
    labels
        ``(n,)`` class codes.
    fold
        ``(n,)`` inner fold of each row, from 0; at least two folds.
    seed
        Seed of the added views.
    done
        Called after each fit; there is one more than folds.
    """
    view = np.random.default_rng(seed).integers(0, len(rows), len(labels))

    def fit(keep: np.ndarray) -> RowModel:
        clean, other = np.flatnonzero(keep), np.flatnonzero(keep & (view > 0))
        augmented = np.concatenate([rows[0, clean], rows[view[other], other]])
        return fit_rows(augmented, np.concatenate([labels[clean], labels[other]]))

    folds = [fold == number for number in range(int(fold.max()) + 1)]
    models = []
    for model in _fitted(fit, [*(~held for held in folds), np.ones(len(labels), dtype=bool)]):
        models.append(model)
        done()
    return CrossFit(models[-1], _unseen(models[:-1], folds, rows))


def predict_unseen(fit: Callable[[np.ndarray], RowModel], rows: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """What models that do not know a row's person say of it, ``(views, n, classes)``.

    Parameters
    ----------
    fit
        Takes ``(n,)`` bool: which rows to fit on; called from several threads.
    rows
        ``(views, n, columns)``.
    fold
        ``(n,)`` fold of each row, from 0; at least two folds.
    """
    folds = [fold == number for number in range(int(fold.max()) + 1)]
    return _unseen(list(_fitted(fit, [~held for held in folds])), folds, rows)


def _fitted(fit: Callable[[np.ndarray], RowModel], kept: list[np.ndarray]) -> Iterator[RowModel]:
    """A model of each choice of rows, in order."""
    with ThreadPoolExecutor(min(_AT_ONCE, core_count())) as threads:
        yield from threads.map(fit, kept)


def _unseen(models: list[RowModel], folds: list[np.ndarray], rows: np.ndarray) -> np.ndarray:
    """What each model says of the fold that it was fitted without, ``(views, n, classes)``."""
    said = [predict_views(model, rows[:, held]) for model, held in zip(models, folds, strict=True)]
    unseen = np.empty((len(rows), rows.shape[1], said[0].shape[2]))
    for held, probabilities in zip(folds, said, strict=True):
        unseen[:, held] = probabilities
    return unseen


def predict_views(model: RowModel, rows: np.ndarray) -> np.ndarray:
    """``(views, n, columns)`` to probabilities ``(views, n, classes)``."""
    return np.stack([model.predict(view) for view in rows])
