"""From several predictions to one, and how far they disagree."""

from collections.abc import Sequence

import numpy as np

from heartfeat.views import faithful_views


def average_views(probabilities: np.ndarray, views: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the views that hide nothing (:func:`heartfeat.views.faithful_views`), and the spread between all.

    Parameters
    ----------
    probabilities
        ``(views, patients, classes)``.
    views
        Their names, ``"clean"`` among them.

    Returns
    -------
    mean
        ``(patients, classes)``, rows sum to 1.
    spread
        ``(patients,)`` standard deviation over views of the class that moves most; 0 for a single view.
    """
    return probabilities[faithful_views(views)].mean(axis=0), probabilities.std(axis=0).max(axis=1)


def spread(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """How far heads disagree, as the spread of :func:`average_views` over heads in place of views.

    Parameters
    ----------
    probabilities
        ``(heads, patients, classes)``.
    weights
        ``(heads, patients)`` what each head counts for, summing to 1 over heads; 0 for a head that has no say.

    Returns
    -------
    spread
        ``(patients,)`` standard deviation over heads of the class that moves most.
    """
    shares = weights[:, :, None]
    mean = (probabilities * shares).sum(axis=0)
    return np.sqrt((shares * (probabilities - mean) ** 2).sum(axis=0)).max(axis=1)
