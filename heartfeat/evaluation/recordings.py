"""What heads say of single recordings, as a table beside that of the patients."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from heartfeat.evaluation.predictions import PREFIX
from heartfeat.evaluation.tables import read_table
from heartfeat.evaluation.views import average_views
from heartfeat.tasks import Task

NAME = "recording_predictions"
CLEAN = "clean_"


def recording_table(
    task: Task,
    recordings: pl.DataFrame,
    patients: pl.DataFrame,
    fold: int,
    probabilities: np.ndarray,
    views: Sequence[str],
) -> pl.DataFrame:
    """Put one head's predictions for recordings in a table, without labels.

    Parameters
    ----------
    recordings
        ``recording``, ``patient`` and ``site``, one row per recording.
    patients
        ``patient`` and ``person``.
    fold
        Number of the fold whose head speaks.
    probabilities
        ``(views, recordings, classes)``, the clean view first. Calibration is for patients: these stay as they are.
    views
        Their names.

    Returns
    -------
    table
        ``recording``, ``patient``, ``person``, ``site``, ``fold``, ``label`` (null), ``p_<class>`` (mean over
        views, see :func:`heartfeat.evaluation.views.average_views`) and ``clean_<class>``.
    """
    table = recordings.select("recording", "patient", "site").join(
        patients.select("patient", "person"), on="patient", how="left", maintain_order="left"
    )
    columns = [
        pl.Series(f"{prefix}{name}", values[:, code], dtype=pl.Float64)
        for prefix, values in ((PREFIX, average_views(probabilities, views)[0]), (CLEAN, probabilities[0]))
        for code, name in enumerate(task.classes)
    ]
    return table.select(
        "recording",
        "patient",
        "person",
        "site",
        pl.lit(fold, pl.Int64).alias("fold"),
        pl.lit(None, pl.String).alias("label"),
        *columns,
    )


def recording_probabilities(table: pl.DataFrame, task: Task, *, clean: bool = False) -> np.ndarray:
    """``(R, C)`` float64: the mean over views, or the clean view alone."""
    prefix = CLEAN if clean else PREFIX
    return table.select(f"{prefix}{name}" for name in task.classes).to_numpy()


def load_recording_predictions(folder: Path) -> pl.DataFrame | None:
    """Read ``recording_predictions.parquet`` of a run; None where its head says nothing of recordings.

    Raises
    ------
    RunError
        When the file is damaged.
    """
    path = folder / f"{NAME}.parquet"
    return read_table(path, "fit the head again") if path.exists() else None
