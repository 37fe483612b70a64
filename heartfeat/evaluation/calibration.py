"""How far probabilities can be believed: Brier score, calibration errors, reliability bins."""

from dataclasses import dataclass

import numpy as np

from heartfeat.evaluation.confusion import divide

BINS = 10


@dataclass(frozen=True)
class Reliability:
    """Patients binned by probability: what was claimed and what came true.

    Attributes
    ----------
    claimed
        ``(..., bins)`` mean probability in the bin, NaN where the bin is empty.
    observed
        ``(..., bins)`` share of patients in the bin for whom it came true.
    weight
        ``(..., bins)`` share of all patients in the bin.
    """

    claimed: np.ndarray
    observed: np.ndarray
    weight: np.ndarray

    def expected_error(self) -> np.ndarray:
        """ECE: mean distance of claim and truth over patients, ``(...)``."""
        return np.nansum(self.weight * np.abs(self.claimed - self.observed), axis=-1)

    def maximum_error(self) -> np.ndarray:
        """MCE: distance of claim and truth in the worst bin, ``(...)``."""
        return np.nan_to_num(np.abs(self.claimed - self.observed), nan=0.0).max(axis=-1)


def reliability(
    probabilities: np.ndarray, came_true: np.ndarray, weights: np.ndarray | None = None
) -> Reliability:
    """Bin probabilities into ten equal widths of [0, 1].

    Parameters
    ----------
    probabilities
        ``(P,)`` in [0, 1].
    came_true
        ``(P,)`` bool.
    weights
        ``(..., P)`` how often each patient counts; once where left out.
    """
    probabilities = np.asarray(probabilities, dtype=float)
    weights = np.ones(len(probabilities)) if weights is None else np.asarray(weights, dtype=float)
    member = np.zeros((len(probabilities), BINS))
    member[np.arange(len(probabilities)), np.minimum((probabilities * BINS).astype(int), BINS - 1)] = 1
    mass = weights @ member
    return Reliability(
        claimed=divide(weights @ (member * probabilities[:, None]), mass),
        observed=divide(weights @ (member * np.asarray(came_true, dtype=float)[:, None]), mass),
        weight=divide(mass, mass.sum(axis=-1, keepdims=True)),
    )


def confidence_reliability(
    labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray | None = None
) -> Reliability:
    """Reliability of the most probable class, as ECE is defined (Guo et al. 2017, ICML).

    Parameters
    ----------
    labels
        ``(P,)`` class codes.
    probabilities
        ``(P, C)``, rows sum to 1.
    """
    top = np.argmax(probabilities, axis=1)
    return reliability(np.max(probabilities, axis=1), top == labels, weights)


def class_expected_error(
    labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """ECE of each class's own probability, mean over classes, ``(...)`` (Nixon et al. 2019, CVPR workshops).

    Unlike the ECE of the most probable class it also sees what is said of classes that are not it, such as a
    probability of Present that is too small to be the largest and still decides. Arguments as above.
    """
    errors = [
        reliability(probabilities[:, code], labels == code, weights).expected_error()
        for code in range(probabilities.shape[1])
    ]
    return np.mean(errors, axis=0)


def brier(labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Squared error summed over classes, mean over patients: 0 to 2 (Brier 1950, Mon. Weather Rev.)."""
    probabilities = np.asarray(probabilities, dtype=float)
    error = ((probabilities - np.eye(probabilities.shape[1])[labels]) ** 2).sum(axis=1)
    weights = np.ones(len(error)) if weights is None else np.asarray(weights, dtype=float)
    return divide(weights @ error, weights.sum(axis=-1))
