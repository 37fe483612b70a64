"""Inner folds of the training patients, no person in two of them."""

from collections.abc import Sequence

import numpy as np


def person_folds(persons: Sequence[str], labels: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Deal persons into folds, class by class, so that every fold has its share of each class.

    Parameters
    ----------
    persons
        ``(patients,)`` person ids.
    labels
        ``(patients,)`` class codes; a person with several patients counts as its first in code order.
    folds
        Number of folds; fewer where there are fewer persons.
    seed
        Seed of the order within a class.

    Returns
    -------
    fold
        ``(patients,)`` int64.
    """
    unique, member = np.unique(np.asarray(persons, dtype=str), return_inverse=True)
    lowest = np.full(len(unique), np.iinfo(np.int64).max)
    np.minimum.at(lowest, member, labels)
    shuffled = np.random.default_rng(seed).permutation(len(unique))
    dealt = shuffled[np.argsort(lowest[shuffled], kind="stable")]
    fold = np.empty(len(unique), dtype=np.int64)
    fold[dealt] = np.arange(len(unique)) % min(folds, len(unique))
    return fold[member]
