"""Rules of decision side by side: what the same probabilities are worth under each."""

import numpy as np
import polars as pl

from heartfeat.errors import RunError
from heartfeat.evaluation.bootstrap import percentile_interval, person_weights
from heartfeat.evaluation.challenge2022 import challenge_cost
from heartfeat.evaluation.decisions import any_present, decide
from heartfeat.evaluation.predictions import PredictionArrays, prediction_arrays
from heartfeat.evaluation.recordings import recording_probabilities
from heartfeat.evaluation.scores import score
from heartfeat.evaluation.worth import worth_of
from heartfeat.tasks import OUTCOME, Task
from heartfeat.tasks.labels import UNLABELLED

SCORES = ("weighted_accuracy", "uar", "macc", "accuracy", "macro_f1", "mcc", "cost")
"""Scores that a rule is judged by, beside the sensitivity of each class; those of probabilities do not depend on it."""


def rule_scores(
    task: Task,
    predictions: pl.DataFrame,
    probabilities: np.ndarray,
    outcome: np.ndarray | None = None,
    recordings: pl.DataFrame | None = None,
    *,
    clean: bool = False,
) -> dict[str, dict[str, float]]:
    """The main scores of every rule.

    Parameters
    ----------
    predictions
        Prediction table with labels.
    probabilities
        ``(P, C)`` what is decided on: calibrated, of the mean over views or of the clean one.
    outcome
        ``(P,)`` as in :func:`heartfeat.evaluation.scores.score`.
    recordings
        What the heads say of recordings, see :mod:`heartfeat.evaluation.recordings`.
    clean
        Decide on the clean view of the recordings.

    Returns
    -------
    rules
        ``worth`` and ``argmax``; ``cost`` for the outcome task; ``any_present`` where a task has labels per
        recording and the heads gave probabilities for recordings. The cost of the rule ``cost`` has ``cost_low`` and
        ``cost_high`` beside it (95 % interval, persons resampled), as it is no score of the run's own decision.
    """
    arrays = prediction_arrays(predictions, task)
    labels = arrays.labels
    decisions = {
        "worth": decide(task, probabilities, worth=worth_of(task, predictions)),
        "argmax": decide(task, probabilities, "argmax"),
    }
    if task.name == OUTCOME.name:
        decisions["cost"] = decide(task, probabilities, "cost")
    if task.recording_label is not None and recordings is not None:
        said = recording_probabilities(recordings, task, clean=clean)
        rows = _patient_rows(predictions, recordings)
        decisions["any_present"] = _all_decided(any_present(said, rows, len(labels)), predictions)
    shown = (*SCORES, *(f"sensitivity_{name}" for name in task.classes))
    found = {rule: score(task, labels, probabilities, codes, outcome) for rule, codes in decisions.items()}
    rules = {rule: {name: scores[name] for name in shown if name in scores} for rule, scores in found.items()}
    if "cost" in rules:
        rules["cost"] |= _cost_interval(task, arrays, decisions["cost"])
    return rules


def with_cost_decisions(task: Task, predictions: pl.DataFrame) -> pl.DataFrame:
    """For the outcome task, the table with ``decision_cost`` beside ``decision``: the rule ``cost`` on all its rows."""
    if task.name != OUTCOME.name:
        return predictions
    codes = decide(task, prediction_arrays(predictions, task).probabilities, "cost")
    decided = pl.Series("decision_cost", [task.classes[code] for code in codes], dtype=pl.String)
    place = predictions.columns.index("decision") + 1
    return predictions.drop("decision_cost", strict=False).insert_column(place, decided)


def _cost_interval(task: Task, arrays: PredictionArrays, decisions: np.ndarray) -> dict[str, float]:
    known = arrays.labels != UNLABELLED
    weights = person_weights(np.asarray(arrays.persons)[known].tolist())
    costs = [challenge_cost(task, decisions[known], arrays.labels[known], block) for block in weights]
    low, high = percentile_interval(np.concatenate(costs))
    return {"cost_low": low, "cost_high": high}


def _patient_rows(predictions: pl.DataFrame, recordings: pl.DataFrame) -> np.ndarray:
    row_of = {patient: row for row, patient in enumerate(predictions["patient"])}
    strangers = [patient for patient in recordings["patient"] if patient not in row_of]
    if strangers:
        raise RunError(
            f"the predictions for recordings are of patients that have none, first {strangers[0]}; fit the head again"
        )
    return np.array([row_of[patient] for patient in recordings["patient"]], dtype=np.int64)


def _all_decided(codes: np.ndarray, predictions: pl.DataFrame) -> np.ndarray:
    silent = np.flatnonzero(codes < 0)
    if len(silent):
        patient = predictions["patient"][int(silent[0])]
        raise RunError(
            f"the predictions for recordings lack the patient {patient} and {len(silent) - 1} more; "
            "fit the head again"
        )
    return codes
