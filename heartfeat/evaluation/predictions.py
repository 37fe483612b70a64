"""Predictions as a table, one row per patient, kept as parquet and csv."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from heartfeat.errors import RunError
from heartfeat.evaluation.tables import read_table
from heartfeat.tasks import Task, encode_labels

PREFIX = "p_"
"""Probability columns are named ``p_<class>``."""

_FIXED: dict[str, type[pl.DataType]] = {
    "patient": pl.String,
    "person": pl.String,
    "fold": pl.Int64,
    "label": pl.String,
    "decision": pl.String,
    "view_spread": pl.Float64,
}
_LATER: dict[str, type[pl.DataType]] = {"fold_spread": pl.Float64}
"""Columns that tables of older runs lack."""


@dataclass(frozen=True)
class PredictionArrays:
    """A prediction table as arrays, ready for scoring.

    Attributes
    ----------
    persons
        Person of each patient.
    labels, decisions
        ``(P,)`` int64 class codes, label -1 where unknown.
    probabilities
        ``(P, C)`` float64.
    """

    persons: list[str]
    labels: np.ndarray
    decisions: np.ndarray
    probabilities: np.ndarray


def prediction_table(
    task: Task,
    patients: Sequence[str],
    persons: Sequence[str],
    folds: Sequence[int],
    labels: np.ndarray,
    decisions: np.ndarray,
    probabilities: np.ndarray,
    view_spread: np.ndarray,
    fold_spread: np.ndarray | None = None,
) -> pl.DataFrame:
    """Put predictions in a table.

    Parameters
    ----------
    task
        Names the classes.
    patients, persons, folds
        One per patient: ids, and the number of the fold whose head predicted it.
    labels, decisions
        ``(P,)`` class codes; a label of -1 (not known) becomes null.
    probabilities
        ``(P, C)``.
    view_spread
        ``(P,)``, see :func:`heartfeat.evaluation.views.average_views`.
    fold_spread
        ``(P,)`` the same between the heads of several folds, NaN (null in the table) where a single head speaks;
        so everywhere when left out.

    Returns
    -------
    table
        Columns ``patient``, ``person``, ``fold``, ``label``, ``decision``, one ``p_<class>`` per class,
        ``view_spread`` and ``fold_spread``.
    """
    names = dict(enumerate(task.classes))
    between = np.full(len(patients), np.nan) if fold_spread is None else fold_spread
    columns = {
        "patient": list(patients),
        "person": list(persons),
        "fold": list(folds),
        "label": [names.get(int(code)) for code in labels],
        "decision": [names[int(code)] for code in decisions],
        **{f"{PREFIX}{name}": probabilities[:, code] for code, name in names.items()},
        "view_spread": view_spread,
        "fold_spread": between,
    }
    schema = {name: _FIXED.get(name, pl.Float64) for name in columns}
    return pl.DataFrame(columns, schema=schema).with_columns(pl.col("fold_spread").fill_nan(None))


def classes_of(table: pl.DataFrame) -> tuple[str, ...]:
    """Class names of a prediction table, in the order of their columns."""
    return tuple(name.removeprefix(PREFIX) for name in table.columns if name.startswith(PREFIX))


def prediction_arrays(table: pl.DataFrame, task: Task) -> PredictionArrays:
    """The arrays that scoring needs.

    Raises
    ------
    RunError
        When the table is of another task.
    """
    if classes_of(table) != task.classes:
        raise RunError(
            f"the predictions are for the classes {', '.join(classes_of(table)) or 'of no task'}, the task "
            f"{task.name!r} has {', '.join(task.classes)}; give the predictions of that task"
        )
    return PredictionArrays(
        persons=table["person"].to_list(),
        labels=encode_labels(task, table["label"]),
        decisions=encode_labels(task, table["decision"]),
        probabilities=table.select(f"{PREFIX}{name}" for name in task.classes).to_numpy(),
    )


def save_predictions(table: pl.DataFrame, folder: Path, name: str = "predictions") -> None:
    """Write ``predictions.parquet`` and ``predictions.csv`` into ``folder``, or files of another name."""
    table.write_parquet(folder / f"{name}.parquet")
    table.write_csv(folder / f"{name}.csv")


def load_predictions(path: Path) -> pl.DataFrame:
    """Read a prediction table.

    Parameters
    ----------
    path
        A parquet or csv file, or a folder that holds ``predictions.parquet``.

    Raises
    ------
    RunError
        When the file is missing, damaged or lacks a column.
    """
    file = path / "predictions.parquet" if path.is_dir() else path
    table = read_table(file, "evaluate the run again", _FIXED | _LATER)
    missing = [name for name in _FIXED if name not in table.columns]
    if missing or not classes_of(table):
        raise RunError(
            f"{file} is no prediction table: it lacks {', '.join(missing) or f'columns {PREFIX}<class>'}; "
            f"it has {', '.join(table.columns)}"
        )
    return table
