"""From class names in a table to the integer codes that heads and scores use."""

import numpy as np
import polars as pl

from heartfeat.errors import CohortError
from heartfeat.tasks.task import Task

UNLABELLED = -1


def encode_labels(task: Task, labels: pl.Series) -> np.ndarray:
    """Class codes of a column of class names.

    Parameters
    ----------
    task
        The task whose ``classes`` give the codes.
    labels
        Class names as strings; null means no label.

    Returns
    -------
    codes
        ``(rows,)`` int64, positions in ``task.classes``, -1 where the label is null.

    Raises
    ------
    CohortError
        When a label is not one of the task's classes; names the row (counted from 0).
    """
    code_of = {name: code for code, name in enumerate(task.classes)}
    codes = np.full(len(labels), UNLABELLED, dtype=np.int64)
    for row, label in enumerate(labels.to_list()):
        if label is None:
            continue
        if label not in code_of:
            raise CohortError(
                f"row {row} of the column {labels.name!r} holds {label!r}; the task {task.name!r} knows "
                f"{', '.join(task.classes)}: correct the label or leave it empty"
            )
        codes[row] = code_of[label]
    return codes


def labels_in(task: Task, table: pl.DataFrame, column: str | None) -> np.ndarray:
    """As :func:`encode_labels`; a task or table without that column has no labels."""
    if column is None or column not in table.columns:
        return np.full(len(table), UNLABELLED, dtype=np.int64)
    return encode_labels(task, table[column])
