"""What is known of a patient, as numbers that a small model weighs against each other."""

import numpy as np

_FLOOR = 1e-6


def patient_evidence(recordings: np.ndarray, patients: np.ndarray, patient_of: np.ndarray) -> np.ndarray:
    """Mean and maximum over a patient's recordings, and the patient as a whole.

    Each on the scales of probability and of log-probability. The maximum carries that one site is enough to
    hear a murmur, the mean that all of them agree; a model fitted on these decides which counts for how much.

    Parameters
    ----------
    recordings
        ``(recordings, classes)`` probabilities, rows sum to 1.
    patients
        ``(patients, classes)`` probabilities from the patient's averages, rows sum to 1.
    patient_of
        ``(recordings,)`` patient of each recording, non-decreasing; every patient has at least one.

    Returns
    -------
    evidence
        ``(patients, 6 x classes)`` float64.
    """
    said = _both_scales(recordings)
    highest = np.maximum.reduceat(said, _starts(patient_of, len(patients)))
    return np.concatenate(
        [mean_per_patient(said, patient_of, len(patients)), highest, _both_scales(patients)], axis=1
    )


def mean_per_patient(rows: np.ndarray, patient_of: np.ndarray, patients: int) -> np.ndarray:
    """Mean of each patient's rows, ``(recordings, columns)`` to ``(patients, columns)`` float64."""
    total = np.add.reduceat(rows, _starts(patient_of, patients), dtype=np.float64)
    return total / np.bincount(patient_of, minlength=patients)[:, None]


def _starts(patient_of: np.ndarray, patients: int) -> np.ndarray:
    return np.searchsorted(patient_of, np.arange(patients))


def _both_scales(probabilities: np.ndarray) -> np.ndarray:
    logarithms = np.log(np.clip(probabilities, _FLOOR, 1.0))
    return np.concatenate([probabilities, logarithms - logarithms.mean(axis=1, keepdims=True)], axis=1)
