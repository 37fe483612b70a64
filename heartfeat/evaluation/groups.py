"""Scores per group of patients: is a head worth the same for everyone?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from heartfeat.evaluation.bootstrap import bootstrap_intervals
from heartfeat.evaluation.predictions import PredictionArrays, prediction_arrays
from heartfeat.evaluation.scores import score
from heartfeat.evaluation.tables import read_table
from heartfeat.tasks import Task

GROUPED_BY = ("subset", "sex", "age", "campaign", "quality")
"""Columns of a patients table that make groups, where a cohort has them; ``age`` is an age band."""

SCORES = ("weighted_accuracy", "uar", "auroc", "accuracy")
FEWEST = 10
"""Groups with fewer patients are listed without scores."""


def group_scores(task: Task, predictions: pl.DataFrame, patients: pl.DataFrame) -> pl.DataFrame:
    """Score each group of patients by itself.

    Parameters
    ----------
    predictions
        Prediction table with labels; patients without one take no part.
    patients
        Patients table of the store; of :data:`GROUPED_BY`, columns that it lacks or that are null throughout are
        left out.

    Returns
    -------
    table
        One row per group, by size within each column: ``by`` (name of the column), ``group`` (null for patients
        in no known group), ``patients``, ``recordings`` (null: patients are scored here), ``positives`` (patients of
        the task's first class), and ``weighted_accuracy``, ``uar``, ``auroc`` and ``accuracy``, each with ``_low``
        and ``_high`` (95 % interval, persons resampled); null where undefined, and in groups with fewer than 10
        patients.

    Raises
    ------
    RunError
        When the predictions are of another task.
    """
    there = [
        column
        for column in GROUPED_BY
        if column in patients.columns and patients[column].null_count() < patients.height
    ]
    labelled = predictions.drop_nulls("label").join(
        patients.select(
            "patient", *(pl.col(column).cast(pl.String).alias(f"by_{column}") for column in there)
        ),
        on="patient",
        how="left",
        maintain_order="left",
    )
    rows = [
        {
            "by": column,
            "group": name[0],
            "patients": members.height,
            **judge_group(task, prediction_arrays(members, task), SCORES),
        }
        for column in there
        for name, members in sorted(
            labelled.group_by(f"by_{column}"), key=lambda item: (-item[1].height, str(item[0][0]))
        )
    ]
    return groups_table(rows)


def judge_group(task: Task, members: PredictionArrays, names: Sequence[str]) -> dict[str, float]:
    """``positives`` of some labelled patients or recordings and, where there are 10 or more, scores with intervals."""
    row: dict[str, float] = {"positives": int((members.labels == 0).sum())}
    if len(members.labels) < FEWEST:
        return row
    judged = members.labels, members.probabilities, members.decisions
    values, intervals = score(task, *judged), bootstrap_intervals(task, *judged, members.persons)
    for name in names:
        row |= {name: values[name], f"{name}_low": intervals[name].low, f"{name}_high": intervals[name].high}
    return row


def groups_table(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """The rows of groups as a table, null where a score is undefined or not given."""
    schema: dict[str, type[pl.DataType]] = {"by": pl.String, "group": pl.String}
    schema |= dict.fromkeys(("patients", "recordings", "positives"), pl.Int64)
    schema |= {f"{name}{end}": pl.Float64 for name in SCORES for end in ("", "_low", "_high")}
    return pl.DataFrame(rows, schema=schema).with_columns(pl.selectors.float().fill_nan(None))


def save_groups(table: pl.DataFrame, folder: Path) -> None:
    """Write ``groups.parquet`` and ``groups.csv`` into ``folder``."""
    table.write_parquet(folder / "groups.parquet")
    table.write_csv(folder / "groups.csv")


def load_groups(folder: Path) -> pl.DataFrame | None:
    """Read ``groups.parquet`` of a run; None where the run was not evaluated by group.

    Raises
    ------
    RunError
        When the file is damaged.
    """
    path = folder / "groups.parquet"
    return read_table(path, "run `heartfeat evaluate` on the run") if path.exists() else None
