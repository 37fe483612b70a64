"""What predictions are worth: scores, intervals and confusion, with all views and with the clean one alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl

from heartfeat.errors import RunError
from heartfeat.evaluation.bootstrap import bootstrap_intervals
from heartfeat.evaluation.confusion import confusion_matrix
from heartfeat.evaluation.decisions import decide
from heartfeat.evaluation.predictions import prediction_arrays, prediction_table
from heartfeat.evaluation.scores import score
from heartfeat.evaluation.views import average_views
from heartfeat.tasks import OUTCOME, Task, encode_labels
from heartfeat.tasks.labels import UNLABELLED

CLEAN = "clean_"
"""Columns with the probabilities of the clean view alone are named ``clean_<class>``."""


@dataclass(frozen=True)
class Results:
    """Scores of one table of predictions.

    Attributes
    ----------
    patients
        Patients that have a label and were scored.
    scores, intervals
        By score name; 95 % intervals, persons resampled.
    clean_scores
        The same scores when only the clean view is used.
    confusion
        Rows are labels, columns decisions, in the order of ``classes``.
    """

    classes: list[str]
    patients: int
    scores: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    clean_scores: dict[str, float]
    confusion: list[list[int]]


def tabulate(
    task: Task, patients: Sequence[str], persons: Sequence[str], fold: int, probabilities: np.ndarray
) -> pl.DataFrame:
    """A prediction table without labels: averaged over views, decided, and the clean view beside it.

    Parameters
    ----------
    patients, persons
        Ids, one per patient.
    fold
        Number of the fold whose head speaks; -1 where several heads were averaged.
    probabilities
        ``(views, patients, classes)``, the clean view first.

    Returns
    -------
    table
        As :func:`heartfeat.evaluation.predictions.prediction_table`, and ``clean_<class>``.
    """
    mean, spread = average_views(probabilities)
    unknown = np.full(len(patients), UNLABELLED)
    folds = [fold] * len(patients)
    table = prediction_table(task, patients, persons, folds, unknown, decide(task, mean), mean, spread)
    return table.with_columns(
        pl.Series(f"{CLEAN}{name}", probabilities[0, :, code]) for code, name in enumerate(task.classes)
    )


def with_labels(task: Task, predictions: pl.DataFrame, patients: pl.DataFrame) -> pl.DataFrame:
    """A prediction table with the labels of a store's patients table."""
    if task.patient_label not in patients.columns:
        return predictions
    labels = patients.select("patient", label=task.patient_label)
    labelled = predictions.drop("label").join(labels, on="patient", how="left", maintain_order="left")
    return labelled.select(predictions.columns)


def judge(task: Task, predictions: pl.DataFrame, patients: pl.DataFrame) -> Results:
    """Score labelled predictions.

    Parameters
    ----------
    predictions
        As :func:`with_labels` gives it.
    patients
        Patients table of the store, whose outcome the murmur cost needs.

    Raises
    ------
    RunError
        When no predicted patient has a label.
    """
    arrays = prediction_arrays(predictions, task)
    labels, decisions, known = arrays.labels, arrays.decisions, arrays.labels != UNLABELLED
    if not known.any():
        raise RunError(
            f"none of the {len(labels)} predicted patients has a {task.name} label: nothing to score"
        )
    stored = outcome_labels(predictions, patients)
    outcome = None if stored is None else encode_labels(OUTCOME, stored)
    clean = predictions.select(f"{CLEAN}{name}" for name in task.classes).to_numpy()
    intervals = bootstrap_intervals(task, labels, arrays.probabilities, decisions, arrays.persons, outcome)
    confusion = confusion_matrix(labels[known], decisions[known], len(task.classes))
    return Results(
        classes=list(task.classes),
        patients=int(known.sum()),
        scores=score(task, labels, arrays.probabilities, decisions, outcome),
        intervals={name: (interval.low, interval.high) for name, interval in intervals.items()},
        clean_scores=score(task, labels, clean, decide(task, clean), outcome),
        confusion=np.rint(confusion).astype(int).tolist(),
    )


def outcome_labels(predictions: pl.DataFrame, patients: pl.DataFrame) -> pl.Series | None:
    """Outcome of each predicted patient as a class name, in the order of ``predictions``; None if not stored."""
    if OUTCOME.patient_label not in patients.columns:
        return None
    joined = predictions.select("patient").join(patients, on="patient", how="left", maintain_order="left")
    return joined[OUTCOME.patient_label].alias("outcome")


def save_results(results: Results, folder: Path) -> None:
    """Write ``scores.json``; undefined scores are null."""
    text = json.dumps(_plain(asdict(results)), indent=2, allow_nan=False)
    (folder / "scores.json").write_text(text + "\n", encoding="utf-8")


def load_results(folder: Path) -> Results:
    """Read ``scores.json`` of a run.

    Raises
    ------
    RunError
        When it is missing or damaged.
    """
    path = folder / "scores.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        scores, clean = (_numbers(raw[key]) for key in ("scores", "clean_scores"))
        intervals = {name: (_number(low), _number(high)) for name, (low, high) in raw["intervals"].items()}
        return Results(**{**raw, "scores": scores, "clean_scores": clean, "intervals": intervals})
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise RunError(f"{path} cannot be read ({error}); run `heartfeat evaluate` on the run") from error


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _numbers(scores: Mapping[str, float | None]) -> dict[str, float]:
    return {name: _number(value) for name, value in scores.items()}


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
