"""All scores of one set of predictions, for the patients as they are or for many weightings of them."""

import numpy as np

from heartfeat.evaluation import confusion as matrices
from heartfeat.evaluation.calibration import brier, class_expected_error, confidence_reliability
from heartfeat.evaluation.challenge2022 import REFERRED, challenge_cost
from heartfeat.evaluation.ranking import auprc, auroc
from heartfeat.tasks import Task


def main_score(task: Task) -> str:
    """The score that a task's field goes by."""
    return "macc" if task.balanced else "weighted_accuracy"


def score(
    task: Task,
    labels: np.ndarray,
    probabilities: np.ndarray,
    decisions: np.ndarray,
    outcome: np.ndarray | None = None,
) -> dict[str, float]:
    """Score predictions by every measure in use.

    Parameters
    ----------
    task
        Classes and the worth of a right answer.
    labels
        ``(P,)`` class codes; patients with -1 (no label) are left out.
    probabilities
        ``(P, C)`` posterior estimates.
    decisions
        ``(P,)`` class codes.
    outcome
        ``(P,)`` codes of the outcome task (0 Abnormal, 1 Normal), which the murmur cost needs; patients
        with -1 are left out of the cost.

    Returns
    -------
    scores
        ``weighted_accuracy``, ``uar``, ``accuracy``, ``macro_f1``, ``weighted_f1``, ``mcc``, ``auroc``,
        ``auprc`` (means over classes), ``brier`` (0 to 2), ``ece``, ``class_ece``, ``mce``; ``cost`` where
        the Challenge has one and the outcome is known; and per class ``auroc_<class>``, ``auprc_<class>``,
        ``sensitivity_<class>``, ``specificity_<class>``. NaN where a score is undefined, as when a class
        does not occur; means are over the classes that have a value. A balanced task has ``macc`` besides: the
        2016 Challenge's mean of the classes' sensitivities, in both its forms, since no head answers "unsure".

    Raises
    ------
    ValueError
        When no patient has a label or shapes do not fit.
    """
    weights = np.ones((1, len(labels)))
    scored = weighted_scores(task, labels, probabilities, decisions, weights, outcome)
    return {name: float(values[0]) for name, values in scored.items()}


def weighted_scores(
    task: Task,
    labels: np.ndarray,
    probabilities: np.ndarray,
    decisions: np.ndarray,
    weights: np.ndarray,
    outcome: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """The scores of :func:`score` for B weightings of the patients at once.

    Parameters
    ----------
    weights
        ``(B, P)`` how often each patient counts.

    Returns
    -------
    scores
        Each ``(B,)`` float64.
    """
    labels, decisions = np.asarray(labels), np.asarray(decisions)
    probabilities = np.asarray(probabilities, dtype=float)
    _check_shapes(task, labels, probabilities, decisions)
    known = labels >= 0
    if not known.any():
        raise ValueError(f"none of {len(labels)} patients has a {task.name} label: there is nothing to score")
    if outcome is None and task.name == "outcome":
        outcome = labels
    costs = {} if outcome is None else _cost(task, decisions, np.asarray(outcome), weights * known)
    labels, probabilities, decisions = labels[known], probabilities[known], decisions[known]
    weights = weights[:, known]
    return {
        **_decision_scores(task, labels, decisions, weights),
        **costs,
        **_probability_scores(task, labels, probabilities, weights),
    }


def _decision_scores(
    task: Task, labels: np.ndarray, decisions: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    confusion = matrices.confusion_matrix(labels, decisions, len(task.classes), weights)
    found = matrices.sensitivity(confusion)
    cleared = matrices.specificity(confusion)
    f1 = matrices.f_measure(confusion)
    support = confusion.sum(axis=-1)
    return {
        "weighted_accuracy": matrices.weighted_accuracy(confusion, np.array(task.worth)),
        "uar": matrices.mean_over_classes(found),
        **({"macc": found.mean(axis=-1)} if task.balanced else {}),
        "accuracy": matrices.accuracy(confusion),
        "macro_f1": matrices.mean_over_classes(f1),
        "weighted_f1": matrices.divide((np.nan_to_num(f1) * support).sum(axis=-1), support.sum(axis=-1)),
        "mcc": matrices.matthews(confusion),
        **{f"sensitivity_{name}": found[:, c] for c, name in enumerate(task.classes)},
        **{f"specificity_{name}": cleared[:, c] for c, name in enumerate(task.classes)},
    }


def _probability_scores(
    task: Task, labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    scores: dict[str, np.ndarray] = {}
    for name, area in (("auroc", auroc), ("auprc", auprc)):
        areas = [area(labels == c, probabilities[:, c], weights) for c in range(len(task.classes))]
        scores[name] = matrices.mean_over_classes(np.stack(areas, axis=-1))
        scores |= {f"{name}_{label}": values for label, values in zip(task.classes, areas, strict=True)}
    confidence = confidence_reliability(labels, probabilities, weights)
    scores["brier"] = brier(labels, probabilities, weights)
    scores["ece"] = confidence.expected_error()
    scores["class_ece"] = class_expected_error(labels, probabilities, weights)
    scores["mce"] = confidence.maximum_error()
    return scores


def _cost(
    task: Task, decisions: np.ndarray, outcome: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    if task.name not in REFERRED:
        return {}
    if outcome.shape != decisions.shape:
        raise ValueError(f"outcome labels {outcome.shape} must be as many as decisions {decisions.shape}")
    return {"cost": challenge_cost(task, decisions, outcome, weights * (outcome >= 0))}


def _check_shapes(task: Task, labels: np.ndarray, probabilities: np.ndarray, decisions: np.ndarray) -> None:
    patients, classes = len(labels), len(task.classes)
    if probabilities.shape != (patients, classes) or decisions.shape != (patients,):
        raise ValueError(
            f"{patients} labels of the task {task.name!r} need probabilities ({patients}, {classes}) "
            f"and decisions ({patients},), got {probabilities.shape} and {decisions.shape}"
        )
    if patients and labels.max() >= classes:
        raise ValueError(f"labels must be codes below {classes}, got {labels.max()}")
