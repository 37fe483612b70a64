"""The PhysioNet Challenge 2022 scores (Reyna et al. 2023, PLOS Digital Health), as its scorer computes them.

The scorer's own conventions for untidy answers are here too: :func:`read_indicators`, :func:`read_scores`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from heartfeat.evaluation import confusion as matrices
from heartfeat.evaluation.ranking import auprc, auroc
from heartfeat.tasks import OUTCOME, Task

REFERRED = {"murmur": ("Present", "Unknown"), "outcome": ("Abnormal",)}
"""Decisions that send a patient to an expert, by task."""

PRESCREENING, TREATMENT, MISSED = 10, 10000, 50000
"""Cost of a patient's prescreening, of treating an abnormal one in time, and of missing one."""

Table = Sequence[Sequence[Any]]


def referral_cost(
    abnormal: np.ndarray, referred: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Mean cost per patient of prescreening, expert screening, treatment and missed treatment.

    ``10 + (25 + 397 r - 1718 r^2 + 11296 r^4) + (10000 TP + 50000 FN) / t`` for t patients, of whom the
    share r is referred; TP are abnormal and referred, FN abnormal and not.

    Parameters
    ----------
    abnormal, referred
        ``(P,)`` bool: the true outcome, and whether the answer sends the patient to an expert.
    weights
        ``(..., P)`` how often each patient counts; once where left out.

    Returns
    -------
    cost
        ``(...)``, NaN without patients.
    """
    abnormal, referred = np.asarray(abnormal, dtype=bool), np.asarray(referred, dtype=bool)
    weights = np.ones(len(abnormal)) if weights is None else np.asarray(weights, dtype=float)
    total = weights.sum(axis=-1)
    share = matrices.divide(weights @ referred, total)
    treated = matrices.divide(weights @ (abnormal & referred), total)
    missed = matrices.divide(weights @ (abnormal & ~referred), total)
    return PRESCREENING + expert_cost(share) + TREATMENT * treated + MISSED * missed


def expert_cost(share: np.ndarray) -> np.ndarray:
    """Cost per patient of expert screening when the share ``(...)`` of all patients is referred."""
    return 25 + 397 * share - 1718 * share**2 + 11296 * share**4


def challenge_cost(
    task: Task, decisions: np.ndarray, outcome: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Cost of a task's decisions, ``(...)``; a murmur head refers Present and Unknown.

    Parameters
    ----------
    task
        ``murmur`` or ``outcome``.
    decisions
        ``(P,)`` class codes of the task.
    outcome
        ``(P,)`` class codes of the outcome task (0 Abnormal, 1 Normal).
    weights
        ``(..., P)`` how often each patient counts; once where left out.

    Raises
    ------
    ValueError
        When the task has no referral in the Challenge.
    """
    if task.name not in REFERRED:
        raise ValueError(f"the Challenge 2022 cost is for {', '.join(REFERRED)}; {task.name!r} has none")
    referred = np.isin(decisions, [task.classes.index(name) for name in REFERRED[task.name]])
    return referral_cost(np.asarray(outcome) == OUTCOME.classes.index("Abnormal"), referred, weights)


def challenge_scores(
    task: Task, labels: np.ndarray, scores: np.ndarray, decisions: np.ndarray, outcome: np.ndarray
) -> dict[str, Any]:
    """All scores of the official table.

    Parameters
    ----------
    task
        ``murmur`` or ``outcome``.
    labels, decisions, outcome
        ``(P,)`` class codes: the task's labels and answers, and the outcome labels.
    scores
        ``(P, C)`` real numbers, higher for the class.

    Returns
    -------
    table
        ``auroc``, ``auprc``, ``f_measure``, ``accuracy``, ``weighted_accuracy``, ``cost`` as floats (NaN
        where undefined) and ``auroc_classes``, ``auprc_classes``, ``f_measure_classes``,
        ``accuracy_classes`` as lists in class order; macro values are means over the classes that have one.
    """
    confusion = matrices.confusion_matrix(labels, decisions, len(task.classes))
    per_class = {
        "auroc": np.array([auroc(labels == c, scores[:, c]) for c in range(len(task.classes))]),
        "auprc": np.array([auprc(labels == c, scores[:, c]) for c in range(len(task.classes))]),
        "f_measure": matrices.f_measure(confusion),
    }
    table: dict[str, Any] = {}
    for name, values in per_class.items():
        table[name] = float(matrices.mean_over_classes(values))
        table[f"{name}_classes"] = values.tolist()
    table["accuracy"] = float(matrices.accuracy(confusion))
    table["accuracy_classes"] = matrices.sensitivity(confusion).tolist()
    table["weighted_accuracy"] = float(matrices.weighted_accuracy(confusion, np.array(task.worth)))
    table["cost"] = float(challenge_cost(task, decisions, outcome))
    return table


def read_indicators(classes: Sequence[str], columns: Sequence[str], rows: Table) -> np.ndarray:
    """Class codes from one 0/1 column per class, by the scorer's rules.

    A column that is missing is 0; a patient with none or several positive classes counts as the first class.

    Returns
    -------
    codes
        ``(P,)`` int64.
    """
    positive = read_scores(classes, columns, rows) == 1
    codes = np.argmax(positive, axis=1).astype(np.int64)
    return np.where(positive.sum(axis=1) == 1, codes, 0)


def read_scores(classes: Sequence[str], columns: Sequence[str], rows: Table) -> np.ndarray:
    """Scores per class, ``(P, C)`` float64: missing columns and non-numbers are 0, infinities stay."""
    scores = np.zeros((len(rows), len(classes)))
    for code, name in enumerate(classes):
        if name in columns:
            column = list(columns).index(name)
            scores[:, code] = [_number(row[column]) for row in rows]
    return scores


def _number(value: Any) -> float:  # noqa: ANN401 - whatever stands in an answer file
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0.0
    return 0.0 if np.isnan(number) else number
