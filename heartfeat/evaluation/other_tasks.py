"""What heads say of other tasks that they learned beside the main one: a table and a few scores for each."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from heartfeat.evaluation.confusion import confusion_matrix, mean_over_classes, sensitivity
from heartfeat.evaluation.predictions import PREFIX, classes_of
from heartfeat.evaluation.ranking import auroc
from heartfeat.evaluation.tables import read_table
from heartfeat.evaluation.views import average_views

NAME = "predictions_"
"""Files are named ``predictions_<task>``."""


def task_table(
    classes: Sequence[str], patients: pl.DataFrame, fold: int, probabilities: np.ndarray, views: Sequence[str]
) -> pl.DataFrame:
    """Put what one head says of another task in a table, without labels.

    Parameters
    ----------
    classes
        Class names of that task.
    patients
        ``patient`` and ``person``, one row per patient.
    fold
        Number of the fold whose head speaks.
    probabilities
        ``(views, patients, classes)``, the clean view first. Calibration is for the main task: these stay as they are.
    views
        Their names.

    Returns
    -------
    table
        ``patient``, ``person``, ``fold``, ``label`` (null) and ``p_<class>`` (mean over views, see
        :func:`heartfeat.evaluation.views.average_views`).

    Raises
    ------
    ValueError
        When there are more or fewer probabilities than classes.
    """
    mean = average_views(probabilities, views)[0]
    return patients.select(
        "patient",
        "person",
        pl.lit(fold, pl.Int64).alias("fold"),
        pl.lit(None, pl.String).alias("label"),
        *(
            pl.Series(f"{PREFIX}{name}", said, dtype=pl.Float64)
            for name, said in zip(classes, mean.T, strict=True)
        ),
    )


def task_scores(table: pl.DataFrame) -> dict[str, float]:
    """``uar`` of what is most probable, ``auroc`` (mean over classes), and ``patients``: how many have a label.

    Both are means over the classes that occur, and NaN where they are undefined.
    """
    known, classes = table.drop_nulls("label"), classes_of(table)
    labels = np.array([classes.index(label) for label in known["label"]], dtype=np.int64)
    said = known.select(f"{PREFIX}{name}" for name in classes).to_numpy()
    found = sensitivity(confusion_matrix(labels, said.argmax(axis=1), len(classes)))
    areas = np.stack([auroc(labels == code, said[:, code]) for code in range(len(classes))])
    return {
        "uar": float(mean_over_classes(found)),
        "auroc": float(mean_over_classes(areas)),
        "patients": known.height,
    }


def load_task_predictions(folder: Path) -> dict[str, pl.DataFrame]:
    """Read ``predictions_<task>.parquet`` of a run by name of the task; none where its head learned no other task.

    Raises
    ------
    RunError
        When a file is damaged.
    """
    return {
        path.stem.removeprefix(NAME): read_table(path, "fit the head again")
        for path in sorted(folder.glob(f"{NAME}*.parquet"))
    }
