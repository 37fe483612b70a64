"""Statistics over a recording's tokens, for heads that want one vector per recording."""

import numpy as np

STATISTICS = ("mean", "std", "p10", "p50", "p90", "delta", "delta200ms")
"""Statistics in the order of their blocks of D numbers.

``delta`` is the mean absolute step between neighbouring tokens, ``delta200ms`` that between tokens 0.2 s apart: about
the length of systole, so it tells sounds that fill the gap between S1 and S2 from those that leave it silent.
"""

SYSTOLE_SECONDS = 0.2

POOLING_REVISION = 2
"""Part of every feature key: raise it when any statistic computes other numbers."""


def pool(tokens: np.ndarray, token_rate: float) -> np.ndarray:
    """Pool a recording's tokens over time.

    Percentiles interpolate linearly between order statistics (Hyndman and Fan 1996, type 7). Taken from
    tokens as they are stored, so that a store can be checked against itself.

    Parameters
    ----------
    tokens
        ``(T, D)``, T at least 1.
    token_rate
        Tokens per second (Hz).

    Returns
    -------
    numpy.ndarray
        ``(len(STATISTICS) x D,)`` float32.
    """
    tokens = tokens.astype(np.float32)
    ordered = np.sort(tokens, axis=0)
    percentiles = [_percentile(ordered, share) for share in (0.1, 0.5, 0.9)]
    deltas = [_delta(tokens, lag) for lag in (1, max(1, round(SYSTOLE_SECONDS * token_rate)))]
    return np.concatenate([tokens.mean(axis=0), tokens.std(axis=0), *percentiles, *deltas]).astype(np.float32)


def _delta(tokens: np.ndarray, lag: int) -> np.ndarray:
    """Mean absolute change over ``lag`` tokens; 0 where there are no two tokens so far apart."""
    if len(tokens) <= lag:
        return np.zeros_like(tokens[0])
    return np.abs(tokens[lag:] - tokens[:-lag]).mean(axis=0)


def _percentile(ordered: np.ndarray, share: float) -> np.ndarray:
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + np.float32(position - below) * (ordered[above] - ordered[below])
