"""Confusion matrices and the scores that follow from them alone.

Every function takes a matrix, or a stack of them with any leading axes (one per bootstrap resample), as
``(..., C, C)``: rows are the true classes, columns the decisions, entries counts or weights.
"""

import numpy as np


def confusion_matrix(
    labels: np.ndarray, decisions: np.ndarray, classes: int, weights: np.ndarray | None = None
) -> np.ndarray:
    """Count patients by true class and decision.

    Parameters
    ----------
    labels, decisions
        ``(P,)`` integer class codes in ``[0, classes)``.
    classes
        Number of classes C.
    weights
        ``(..., P)`` how often each patient counts; once where left out.

    Returns
    -------
    confusion
        ``(..., C, C)`` float64.

    Raises
    ------
    ValueError
        When the codes differ in length or are out of range.
    """
    labels, decisions = np.asarray(labels), np.asarray(decisions)
    if labels.shape != decisions.shape or labels.ndim != 1:
        raise ValueError(
            f"labels {labels.shape} and decisions {decisions.shape} must be vectors of one length"
        )
    for name, codes in (("labels", labels), ("decisions", decisions)):
        if codes.size and (codes.min() < 0 or codes.max() >= classes):
            span = f"{codes.min()} to {codes.max()}"
            raise ValueError(f"{name} must be codes from 0 to {classes - 1}, got {span}")
    cells = np.zeros((len(labels), classes * classes))
    cells[np.arange(len(labels)), labels * classes + decisions] = 1
    counts = cells.sum(axis=0) if weights is None else weights @ cells
    return counts.reshape(*counts.shape[:-1], classes, classes)


def weighted_accuracy(confusion: np.ndarray, worth: np.ndarray) -> np.ndarray:
    """Worth of the right answers over the worth of all, ``(...)``; NaN without patients.

    With worth 5/3/1 (Present, Unknown, Absent) and 5/1 (Abnormal, Normal) this is the weighted accuracy of
    the PhysioNet Challenge 2022 (Reyna et al. 2023, PLOS Digital Health).
    """
    right = np.diagonal(confusion, axis1=-2, axis2=-1) @ np.asarray(worth, dtype=float)
    return divide(right, confusion.sum(axis=-1) @ np.asarray(worth, dtype=float))


def accuracy(confusion: np.ndarray) -> np.ndarray:
    """Share of patients with the right answer, ``(...)``."""
    return divide(np.trace(confusion, axis1=-2, axis2=-1), confusion.sum(axis=(-2, -1)))


def sensitivity(confusion: np.ndarray) -> np.ndarray:
    """Share of each true class that was found, ``(..., C)``; NaN for a class that does not occur."""
    return divide(np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(axis=-1))


def specificity(confusion: np.ndarray) -> np.ndarray:
    """Share of the other classes that was not taken for this one, ``(..., C)``; NaN without others."""
    total = confusion.sum(axis=(-2, -1))[..., None]
    false_positives = confusion.sum(axis=-2) - np.diagonal(confusion, axis1=-2, axis2=-1)
    negatives = total - confusion.sum(axis=-1)
    return divide(negatives - false_positives, negatives)


def f_measure(confusion: np.ndarray) -> np.ndarray:
    """F1 = 2 TP / (2 TP + FP + FN) of each class, ``(..., C)``; NaN where 0/0."""
    true_positives = np.diagonal(confusion, axis1=-2, axis2=-1)
    return divide(2 * true_positives, confusion.sum(axis=-2) + confusion.sum(axis=-1))


def matthews(confusion: np.ndarray) -> np.ndarray:
    """Multi-class correlation R_K (Gorodkin 2004, Comput. Biol. Chem.), ``(...)``; 0 where undefined."""
    true, answered = confusion.sum(axis=-1), confusion.sum(axis=-2)
    total = confusion.sum(axis=(-2, -1))
    shared = total * np.trace(confusion, axis1=-2, axis2=-1) - (true * answered).sum(axis=-1)
    spread = (total**2 - (true**2).sum(axis=-1)) * (total**2 - (answered**2).sum(axis=-1))
    return np.nan_to_num(divide(shared, np.sqrt(spread)), nan=0.0)


def mean_over_classes(values: np.ndarray) -> np.ndarray:
    """Mean over the last axis of the numbers that are there; NaN where there are none."""
    there = ~np.isnan(values)
    return divide(np.where(there, values, 0.0).sum(axis=-1), there.sum(axis=-1))


def divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Quotient that is NaN where the denominator is 0."""
    numerator, denominator = np.broadcast_arrays(np.asarray(numerator, float), np.asarray(denominator, float))
    return np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator != 0)
