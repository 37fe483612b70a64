"""What a right answer is worth, where a task leaves that to the patients that a head was fitted on."""

import numpy as np
import polars as pl

from heartfeat.tasks import Task
from heartfeat.tasks.labels import UNLABELLED

WORTH = "worth_"
"""Columns of a prediction table, for a balanced task alone: the worth of each class when the row was decided."""


def deciding(task: Task, labels: np.ndarray) -> Task:
    """The task as a head decides by it whose patients have these labels (codes, -1 where not known)."""
    known = np.asarray(labels)[np.asarray(labels) != UNLABELLED]
    if not len(known):
        return task
    return task.worth_by_shares((np.bincount(known, minlength=len(task.classes)) / len(known)).tolist())


def worth_columns(task: Task, rows: int) -> list[pl.Series]:
    """``worth_<class>`` for a balanced task; none for others, whose worth never changes."""
    if not task.balanced:
        return []
    pairs = zip(task.classes, task.worth, strict=True)
    return [pl.Series(f"{WORTH}{name}", np.full(rows, worth)) for name, worth in pairs]


def worth_of(task: Task, table: pl.DataFrame) -> np.ndarray:
    """``(P, C)`` worth by which each row of a prediction table was decided, the task's own where it does not say."""
    names = [f"{WORTH}{name}" for name in task.classes]
    if all(name in table.columns for name in names):
        return table.select(names).to_numpy()
    return np.tile(np.asarray(task.worth, dtype=float), (table.height, 1))
