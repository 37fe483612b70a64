"""Views of recordings as random changes in training."""

import numpy as np

CLEAN_SHARE = 0.5
"""Share of the recordings that are shown in the clean view; the rest are drawn evenly from the others."""


def random_views(views: int, recordings: int, generator: np.random.Generator) -> np.ndarray:
    """``(recordings,)`` int64 numbers of views; 0 is the clean one."""
    if views == 1:
        return np.zeros(recordings, dtype=np.int64)
    drawn = generator.integers(1, views, recordings)
    return np.where(generator.random(recordings) < CLEAN_SHARE, 0, drawn)
