"""Which recordings belong to which patient, as rectangular index arrays."""

import numpy as np

from heartfeat.heads.examples import UNLABELLED, Examples


def slots_of(patient_of: np.ndarray, patients: int) -> np.ndarray:
    """Rows of each patient's recordings.

    Parameters
    ----------
    patient_of
        ``(recordings,)`` non-decreasing patient of each recording.
    patients
        Number of patients.

    Returns
    -------
    numpy.ndarray
        ``(patients, most recordings)`` int64, -1 where a patient has fewer.
    """
    counts = np.bincount(patient_of, minlength=patients)
    position = np.arange(len(patient_of)) - np.repeat(np.cumsum(counts) - counts, counts)
    slots = np.full((patients, max(1, int(counts.max(initial=0)))), -1, dtype=np.int64)
    slots[patient_of, position] = np.arange(len(patient_of))
    return slots


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """``(n, classes)`` float32 targets; an unlabelled row is all zero and so has no loss."""
    targets = np.zeros((len(labels), classes), dtype=np.float32)
    known = labels != UNLABELLED
    targets[np.flatnonzero(known), labels[known]] = 1.0
    return targets


def labels_of_recordings(examples: Examples) -> np.ndarray:
    """``(recordings,)`` labels to train on: their own, or their patients' where no recording has one."""
    if (examples.recording_labels == UNLABELLED).all():
        return examples.labels[examples.patient_of]
    return examples.recording_labels


def partners(
    slots: np.ndarray, sites: np.ndarray, mate: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """For every recording, one of another patient to be mixed with it: at the same site where there is one.

    Parameters
    ----------
    slots
        ``(patients, most recordings)`` as `slots_of` gives them.
    sites
        ``(recordings,)`` site codes.
    mate
        ``(patients,)`` the patient that each patient is mixed with.

    Returns
    -------
    numpy.ndarray
        ``(recordings,)`` int64 rows.
    """
    chosen = np.empty(len(sites), dtype=np.int64)
    for patient, other in enumerate(mate):
        theirs = slots[other][slots[other] >= 0]
        for row in slots[patient][slots[patient] >= 0]:
            alike = theirs[sites[theirs] == sites[row]]
            chosen[row] = generator.choice(alike if len(alike) else theirs)
    return chosen
