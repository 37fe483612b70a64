"""What models say of a patient's recordings, as numbers that a small model weighs against each other."""

import numpy as np

_FLOOR = 1e-3


def patient_evidence(
    recordings: np.ndarray | None, patients: np.ndarray | None, patient_of: np.ndarray
) -> np.ndarray:
    """Highest, second highest and mean over a patient's recordings, and the patient as a whole.

    All as log odds of one class against all later ones, for every class but the last: what a `Combiner` asks. The
    highest carries that one site is enough to hear a murmur, the second that another one agrees, the mean that all of
    them do. Probabilities are kept from 0 and 1 by 0.001: beyond, models differ in their boldness more than in what
    they know.

    Parameters
    ----------
    recordings
        ``(recordings, classes)`` probabilities, rows sum to 1; None where a model judges patients alone.
    patients
        ``(patients, classes)`` probabilities of a model that looks at the patient as a whole, rows sum to 1; None
        where there is none.
    patient_of
        ``(recordings,)`` patient of each recording, non-decreasing; every patient has at least one.

    Returns
    -------
    evidence
        ``(patients, classes - 1, 4)`` float64, or 3 or 1 where one of the two is None.
    """
    parts = []
    if recordings is not None:
        count = int(patient_of.max(initial=-1)) + 1
        parts = [
            *_two_highest(recordings, patient_of, count),
            mean_per_patient(recordings, patient_of, count),
        ]
    if patients is not None:
        parts.append(patients)
    return np.stack([_log_odds(part) for part in parts], axis=2)


def mean_per_patient(rows: np.ndarray, patient_of: np.ndarray, patients: int) -> np.ndarray:
    """Mean of each patient's rows, ``(recordings, columns)`` to ``(patients, columns)`` float64."""
    total = np.add.reduceat(rows, _starts(patient_of, patients), dtype=np.float64)
    return total / np.bincount(patient_of, minlength=patients)[:, None]


def _two_highest(rows: np.ndarray, patient_of: np.ndarray, patients: int) -> tuple[np.ndarray, np.ndarray]:
    """``(patients, columns)`` each; the second is the first where a patient has a single recording."""
    starts = _starts(patient_of, patients)
    last = starts + np.bincount(patient_of, minlength=patients) - 1
    ordered = np.stack([column[np.lexsort((column, patient_of))] for column in rows.T], axis=1)
    return ordered[last], ordered[np.maximum(last - 1, starts)]


def _starts(patient_of: np.ndarray, patients: int) -> np.ndarray:
    return np.searchsorted(patient_of, np.arange(patients))


def _log_odds(probabilities: np.ndarray) -> np.ndarray:
    """Of each class but the last against all later ones, ``(n, classes)`` to ``(n, classes - 1)``."""
    kept = np.clip(probabilities, _FLOOR, 1 - _FLOOR)
    # What is left for later classes of the first is the rest; a row of highest probabilities sums to more than 1.
    later = np.cumsum(kept[:, :0:-1], axis=1)[:, ::-1]
    later[:, 0] = 1 - kept[:, 0]
    return np.log(kept[:, :-1] / later)
