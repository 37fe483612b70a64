"""Few labelled patients to train on: how well a head does when labels are scarce."""

from collections.abc import Sequence

import numpy as np


def few_shot_patients(
    patients: Sequence[str],
    persons: Sequence[str],
    labels: np.ndarray,
    share: float,
    seed: int | Sequence[int],
) -> list[str]:
    """A share of the persons of every class, with all their patient ids.

    Persons stand in one random order, the same for every share; of each class the first ``share`` of those who
    have it are kept, rounded, and one at least. So a smaller share is part of a larger one of the same seed. A
    person with ids of two classes counts in both.

    Parameters
    ----------
    patients, persons
        Ids, one per patient.
    labels
        ``(patients,)`` class codes.
    share
        Above 0, at most 1.
    seed
        Seed of the order.

    Returns
    -------
    kept
        Patient ids, in the order of ``patients``.
    """
    everyone = sorted(set(persons))
    order = np.random.default_rng(seed).permutation(len(everyone))
    kept: set[str] = set()
    for label in np.unique(labels):
        has_it = {person for person, code in zip(persons, labels, strict=True) if code == label}
        line = [everyone[at] for at in order if everyone[at] in has_it]
        kept.update(line[: max(1, int(share * len(line) + 0.5))])
    return [patient for patient, person in zip(patients, persons, strict=True) if person in kept]
