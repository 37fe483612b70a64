"""From one prediction per view to one prediction and how far the views disagree."""

import numpy as np


def average_views(probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over views, and the spread between them.

    Parameters
    ----------
    probabilities
        ``(views, patients, classes)``.

    Returns
    -------
    mean
        ``(patients, classes)``, rows sum to 1.
    spread
        ``(patients,)`` standard deviation over views of the class that moves most; 0 for a single view.
    """
    return probabilities.mean(axis=0), probabilities.std(axis=0).max(axis=1)
