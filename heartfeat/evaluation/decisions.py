"""From probabilities to answers."""

from typing import Literal

import numpy as np

from heartfeat.evaluation.challenge2022 import MISSED, TREATMENT, expert_cost
from heartfeat.tasks import OUTCOME, Task

Rule = Literal["worth", "argmax", "cost"]


def decide(
    task: Task, probabilities: np.ndarray, rule: Rule = "worth", worth: np.ndarray | None = None
) -> np.ndarray:
    """The class that each patient is given.

    Parameters
    ----------
    task
        Gives the worth of a right answer per class.
    probabilities
        ``(P, C)`` posterior estimates, classes in the task's order.
    rule
        ``"worth"`` takes the class of the highest worth x probability, which maximises the expected weighted
        accuracy; ``"argmax"`` the most probable class. A tie goes to the more urgent class. ``"cost"``, for the
        outcome alone, refers those patients for whom the expected Challenge 2022 cost of all patients given is
        least. Since an expert's time is dearer the more patients are referred, that decision is on all of them
        together: one patient's depends on the others'.
    worth
        ``(P, C)`` worth of a right answer for each patient, in place of the task's.

    Returns
    -------
    codes
        ``(P,)`` int64.

    Raises
    ------
    ValueError
        When the shape does not fit the task, a probability is not finite, or the rule is unknown.
    """
    probabilities = np.asarray(probabilities, dtype=float)
    if probabilities.ndim != 2 or probabilities.shape[1] != len(task.classes):
        raise ValueError(
            f"the task {task.name!r} wants probabilities of shape (patients, {len(task.classes)}), "
            f"got {probabilities.shape}"
        )
    if not np.isfinite(probabilities).all():
        rows = np.flatnonzero(~np.isfinite(probabilities).all(axis=1))
        raise ValueError(f"probabilities must be finite; row {rows[0]} of {len(probabilities)} is not")
    if rule == "cost":
        return _least_cost(task, probabilities)
    if rule == "worth":
        probabilities = probabilities * np.asarray(task.worth if worth is None else worth)
    elif rule != "argmax":
        raise ValueError(f'the rule must be "worth", "argmax" or "cost", got {rule!r}')
    return np.argmax(probabilities, axis=1).astype(np.int64)


def any_present(recordings: np.ndarray, patient_of: np.ndarray, patients: int) -> np.ndarray:
    """The published rule for murmurs: Present if any recording is, else Unknown if any is, else Absent.

    A recording is what is most probable for it (Panah et al. 2023, as used by Niizumi et al. 2024, EMBC).

    Parameters
    ----------
    recordings
        ``(R, C)`` probabilities, classes in the task's order: the more urgent first.
    patient_of
        ``(R,)`` row of the patient that each recording belongs to.
    patients
        Number of patients P.

    Returns
    -------
    codes
        ``(P,)`` int64; -1 for a patient without recordings.
    """
    classes = recordings.shape[1]
    codes = np.full(patients, classes, dtype=np.int64)
    np.minimum.at(codes, patient_of, np.argmax(recordings, axis=1))
    return np.where(codes < classes, codes, -1)


def _least_cost(task: Task, probabilities: np.ndarray) -> np.ndarray:
    """Refer the k patients most likely to be abnormal, with the k of the least expected cost.

    Referring a patient in place of a likelier one never saves anything, so no other choice costs less.
    """
    if task.name != OUTCOME.name:
        raise ValueError(f'the rule "cost" is for the task {OUTCOME.name!r}, not {task.name!r}')
    total = len(probabilities)
    if not total:
        return np.zeros(0, dtype=np.int64)
    abnormal = probabilities[:, OUTCOME.classes.index("Abnormal")]
    order = np.argsort(-abnormal, kind="stable")
    saved = (MISSED - TREATMENT) * np.concatenate([[0.0], np.cumsum(abnormal[order])]) / total
    referred = order[: int(np.argmin(expert_cost(np.arange(total + 1) / total) - saved))]
    codes = np.full(total, OUTCOME.classes.index("Normal"), dtype=np.int64)
    codes[referred] = OUTCOME.classes.index("Abnormal")
    return codes
