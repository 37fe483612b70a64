"""Class weights in the loss, and taking them out of the probabilities again."""

from collections.abc import Sequence

import numpy as np

from heartfeat.errors import ConfigError
from heartfeat.heads.examples import UNLABELLED

_MOST = 4.0


def loss_weights(labels: np.ndarray, classes: Sequence[str], given: Sequence[float] | None) -> np.ndarray:
    """One weight per class: as given, or the inverse frequency relative to the commonest class, at most 4.

    Raises
    ------
    ConfigError
        When there are not as many weights as classes.
    """
    if given is not None:
        if len(given) != len(classes):
            raise ConfigError(
                f"class_weights holds {len(given)} numbers, but the task has {len(classes)} classes "
                f"({', '.join(classes)}); give one weight per class or leave it out"
            )
        return np.asarray(given, dtype=np.float64)
    counts = np.bincount(labels[labels != UNLABELLED], minlength=len(classes)).astype(np.float64)
    return np.minimum(counts.max(initial=1.0) / np.maximum(counts, 1.0), _MOST)


def posterior(weighted: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Probabilities ``(..., classes)`` as if no class had been weighted: ``p / weight``, made to sum to 1."""
    unweighted = weighted / weights
    return unweighted / unweighted.sum(-1, keepdims=True)
