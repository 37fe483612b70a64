"""Statistics over a recording's tokens, for heads that want one vector per recording."""

import numpy as np

STATISTICS = ("mean", "std", "p10", "p50", "p90", "delta")
"""Statistics in the order of their blocks of D numbers; ``delta`` is the mean step between tokens."""

POOLING_REVISION = 1
"""Part of every feature key: raise it when any statistic computes other numbers."""


def pool(tokens: np.ndarray) -> np.ndarray:
    """Pool a recording's tokens over time.

    Percentiles interpolate linearly between order statistics (Hyndman and Fan 1996, type 7). Taken from
    tokens as they are stored, so that a store can be checked against itself.

    Parameters
    ----------
    tokens
        ``(T, D)``, T at least 1.

    Returns
    -------
    numpy.ndarray
        ``(len(STATISTICS) x D,)`` float32.
    """
    tokens = tokens.astype(np.float32)
    ordered = np.sort(tokens, axis=0)
    delta = np.abs(np.diff(tokens, axis=0)).mean(axis=0) if len(tokens) > 1 else np.zeros_like(tokens[0])
    percentiles = (_percentile(ordered, share) for share in (0.1, 0.5, 0.9))
    return np.concatenate([tokens.mean(axis=0), tokens.std(axis=0), *percentiles, delta]).astype(np.float32)


def _percentile(ordered: np.ndarray, share: float) -> np.ndarray:
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + np.float32(position - below) * (ordered[above] - ordered[below])
