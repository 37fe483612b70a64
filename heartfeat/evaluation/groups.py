"""Scores per group of patients: is a head worth the same for everyone?"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from heartfeat.errors import RunError
from heartfeat.evaluation.bootstrap import bootstrap_intervals
from heartfeat.evaluation.predictions import prediction_arrays
from heartfeat.evaluation.scores import score
from heartfeat.tasks import Task

GROUPED_BY = ("subset", "sex", "age", "campaign", "quality")
"""Columns of a patients table that make groups, where a cohort has them; ``age`` is an age band."""

SCORES = ("weighted_accuracy", "uar", "auroc", "accuracy")
FEWEST = 10
"""Groups with fewer patients are listed without scores."""


def group_scores(
    task: Task, predictions: pl.DataFrame, patients: pl.DataFrame, by: Sequence[str] = GROUPED_BY
) -> pl.DataFrame:
    """Score each group of patients by itself.

    Parameters
    ----------
    predictions
        Prediction table with labels; patients without one take no part.
    patients
        Patients table of the store.
    by
        Columns of ``patients`` that hold the name of a patient's group; those it lacks, or that are
        null throughout, are left out.

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
        for column in by
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
        {"by": column, "group": name[0], **_judge(task, members)}
        for column in there
        for name, members in sorted(
            labelled.group_by(f"by_{column}"), key=lambda item: (-item[1].height, str(item[0][0]))
        )
    ]
    return pl.DataFrame(rows, schema=groups_schema()).with_columns(pl.selectors.float().fill_nan(None))


def _judge(task: Task, members: pl.DataFrame) -> dict[str, float]:
    row: dict[str, float] = {
        "patients": members.height,
        "positives": int((members["label"] == task.classes[0]).sum()),
    }
    if members.height < FEWEST:
        return row
    arrays = prediction_arrays(members, task)
    judged = arrays.labels, arrays.probabilities, arrays.decisions
    values, intervals = score(task, *judged), bootstrap_intervals(task, *judged, arrays.persons)
    for name in SCORES:
        row |= {name: values[name], f"{name}_low": intervals[name].low, f"{name}_high": intervals[name].high}
    return row


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
    if not path.exists():
        return None
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise RunError(f"{path} cannot be read ({error}); run `heartfeat evaluate` on the run") from error


def groups_schema() -> dict[str, type[pl.DataType]]:
    """Columns of the table of groups."""
    texts: dict[str, type[pl.DataType]] = {"by": pl.String, "group": pl.String}
    counts = dict.fromkeys(("patients", "recordings", "positives"), pl.Int64)
    return texts | counts | {f"{name}{end}": pl.Float64 for name in SCORES for end in ("", "_low", "_high")}
