"""The cost of the PhysioNet Challenge 2022 (Reyna et al. 2023, PLOS Digital Health), as its scorer computes it."""

import numpy as np

from heartfeat.evaluation import confusion as matrices
from heartfeat.tasks import OUTCOME, Task

REFERRED = {"murmur": ("Present", "Unknown"), "outcome": ("Abnormal",)}
"""Decisions that send a patient to an expert, by task."""

PRESCREENING, TREATMENT, MISSED = 10, 10000, 50000
"""Cost of a patient's prescreening, of treating an abnormal one in time, and of missing one."""


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
