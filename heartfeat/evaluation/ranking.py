"""Areas under the ROC and the precision-recall curve, for many weightings of the patients at once."""

from dataclasses import dataclass

import numpy as np

from heartfeat.evaluation.confusion import divide


@dataclass(frozen=True)
class _Steps:
    """Weight of positives and of all, by distinct score from the highest down: ``(..., thresholds)``."""

    positive: np.ndarray
    negative: np.ndarray


def auroc(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Area under the ROC curve by the trapezoid rule over distinct thresholds.

    Parameters
    ----------
    positive
        ``(P,)`` bool, whether the patient is of the class.
    scores
        ``(P,)`` any real numbers or infinities, higher for the class.
    weights
        ``(..., P)`` how often each patient counts; once where left out.

    Returns
    -------
    area
        ``(...)``, NaN where one side is empty.

    Raises
    ------
    ValueError
        When a score is NaN or the lengths differ.
    """
    steps = _steps(positive, scores, weights)
    below = steps.negative.sum(axis=-1, keepdims=True) - np.cumsum(steps.negative, axis=-1)
    ordered = (steps.positive * (below + steps.negative / 2)).sum(axis=-1)
    return divide(ordered, steps.positive.sum(axis=-1) * steps.negative.sum(axis=-1))


def auprc(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Area under the precision-recall curve as a sum of steps, precision times the gain in recall.

    Arguments and errors as in :func:`auroc`; NaN where there are no positives.
    """
    steps = _steps(positive, scores, weights)
    found = np.cumsum(steps.positive, axis=-1)
    answered = found + np.cumsum(steps.negative, axis=-1)
    precision = np.divide(found, answered, out=np.zeros_like(found), where=answered > 0)
    return divide((precision * steps.positive).sum(axis=-1), steps.positive.sum(axis=-1))


def roc_points(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ROC curve: false positive rates and true positive rates, each ``(thresholds + 1,)`` from 0 to 1.

    Raises
    ------
    ValueError
        When a score is NaN, the lengths differ or one side is empty.
    """
    positive = np.asarray(positive, dtype=bool)
    if positive.all() or not positive.any():
        raise ValueError("a ROC curve needs patients inside and outside the class")
    steps = _steps(positive, scores, None)
    return _rate(steps.negative), _rate(steps.positive)


def _rate(side: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(side) / side.sum()])


def _steps(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray | None) -> _Steps:
    positive, scores = np.asarray(positive, dtype=bool), np.asarray(scores, dtype=float)
    if positive.shape != scores.shape or scores.ndim != 1:
        raise ValueError(f"labels {positive.shape} and scores {scores.shape} must be vectors of one length")
    if np.isnan(scores).any():
        raise ValueError(f"{int(np.isnan(scores).sum())} scores are NaN; scores must be numbers to be ranked")
    weights = np.ones(len(scores)) if weights is None else np.asarray(weights, dtype=float)
    if not len(scores):
        empty = np.zeros((*weights.shape[:-1], 0))
        return _Steps(empty, empty)
    order = np.argsort(-scores, kind="stable")
    descending = scores[order]
    starts = np.flatnonzero(np.concatenate([[True], descending[1:] != descending[:-1]]))
    weights = weights[..., order]
    positives = weights * positive[order]
    return _Steps(
        positive=np.add.reduceat(positives, starts, axis=-1),
        negative=np.add.reduceat(weights - positives, starts, axis=-1),
    )
