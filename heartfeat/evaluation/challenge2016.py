"""Modified accuracy (MAcc) of the PhysioNet/CinC Challenge 2016, in its two published forms.

Labels are 1 abnormal and -1 normal; answers may also be 0 (unsure), or None where missing, which counts as
unsure. A class that does not occur makes its score and MAcc NaN.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from heartfeat.evaluation.confusion import divide

ABNORMAL, UNSURE, NORMAL = 1, 0, -1


class ModifiedAccuracy(NamedTuple):
    """Sensitivity, specificity and their mean."""

    sensitivity: float
    specificity: float
    macc: float


class QualityWeights(NamedTuple):
    """Shares of clean and noisy records within each class; each pair sums to 1."""

    clean_abnormal: float
    noisy_abnormal: float
    clean_normal: float
    noisy_normal: float


def modified_accuracy(labels: Sequence[int], answers: Sequence[int | None]) -> ModifiedAccuracy:
    """MAcc as the Challenge's script scores it: an unsure answer is half right, quality is not looked at.

    Raises
    ------
    ValueError
        When lengths differ or a label or answer is not one of those allowed.
    """
    truth, given = _codes(labels, answers)
    credit = np.where(given == UNSURE, 0.5, given == truth)
    return _mean(_average(credit, truth == ABNORMAL), _average(credit, truth == NORMAL))


def quality_weighted_accuracy(
    labels: Sequence[int],
    answers: Sequence[int | None],
    quality: Sequence[int],
    weights: QualityWeights | None = None,
) -> ModifiedAccuracy:
    """MAcc as published (Clifford et al., CinC 2016): unsure is right on noisy records, wrong on clean ones.

    Parameters
    ----------
    labels, answers
        See the module.
    quality
        1 clean, 0 noisy.
    weights
        Weights of the four strata, by default taken from the records given. An empty stratum adds nothing.

    Raises
    ------
    ValueError
        When lengths differ or a value is not one of those allowed.
    """
    truth, given = _codes(labels, answers)
    clean = np.asarray(quality)
    if clean.shape != truth.shape or not np.isin(clean, (0, 1)).all():
        raise ValueError(f"quality must be {len(truth)} values of 1 (clean) or 0 (noisy)")
    clean = clean == 1
    used = weights or quality_weights(labels, quality)
    credit = (given == truth) | (~clean & (given == UNSURE))
    rates = []
    for kind, clean_weight, noisy_weight in (
        (ABNORMAL, used.clean_abnormal, used.noisy_abnormal),
        (NORMAL, used.clean_normal, used.noisy_normal),
    ):
        strata = ((clean_weight, clean & (truth == kind)), (noisy_weight, ~clean & (truth == kind)))
        filled = [(weight, _average(credit, member)) for weight, member in strata if member.any()]
        rates.append(sum(weight * rate for weight, rate in filled) if filled else float("nan"))
    return _mean(*rates)


def quality_weights(labels: Sequence[int], quality: Sequence[int]) -> QualityWeights:
    """Shares of clean and noisy records among the abnormal and the normal ones; NaN for an absent class."""
    truth, clean = np.asarray(labels), np.asarray(quality) == 1
    abnormal = _average(clean.astype(float), truth == ABNORMAL)
    normal = _average(clean.astype(float), truth == NORMAL)
    return QualityWeights(abnormal, 1 - abnormal, normal, 1 - normal)


def _codes(labels: Sequence[int], answers: Sequence[int | None]) -> tuple[np.ndarray, np.ndarray]:
    truth = np.asarray(labels)
    given = np.array([UNSURE if answer is None else answer for answer in answers])
    if truth.shape != given.shape:
        raise ValueError(f"there are {len(truth)} labels but {len(given)} answers")
    if not np.isin(truth, (ABNORMAL, NORMAL)).all():
        raise ValueError("labels must be 1 (abnormal) or -1 (normal)")
    if not np.isin(given, (ABNORMAL, UNSURE, NORMAL)).all():
        raise ValueError("answers must be 1 (abnormal), 0 (unsure), -1 (normal) or None (missing)")
    return truth, given


def _average(credit: np.ndarray, member: np.ndarray) -> float:
    return float(divide(credit[member].sum(), member.sum()))


def _mean(sensitivity: float, specificity: float) -> ModifiedAccuracy:
    return ModifiedAccuracy(sensitivity, specificity, (sensitivity + specificity) / 2)
