"""Statistics over a recording's tokens, for heads that want one vector per recording."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from heartfeat.backbones.backbone import BackboneSpec

STATISTICS = ("mean", "std", "p10", "p50", "p90", "delta", "delta200ms")
"""Statistics in the order of their blocks of D numbers.

``delta`` is the mean absolute step between neighbouring tokens, ``delta200ms`` that between tokens 0.2 s apart: about
the length of systole, so it tells sounds that fill the gap between S1 and S2 from those that leave it silent.
"""

SYSTOLE_SECONDS = 0.2

POOLING_REVISION = 2
"""Part of every feature key: raise it when any statistic computes other numbers."""


def statistics_of(spec: BackboneSpec) -> tuple[str, ...]:
    """The statistics that the feature set of a backbone holds."""
    return STATISTICS if spec.statistics is None else spec.statistics


def pool(tokens: np.ndarray, token_rate: float | None, statistics: Sequence[str] = STATISTICS) -> np.ndarray:
    """Pool a recording's tokens over time.

    Percentiles interpolate linearly between order statistics (Hyndman and Fan 1996, type 7). Taken from
    tokens as they are stored, so that a store can be checked against itself.

    Parameters
    ----------
    tokens
        ``(T, D)``, T at least 1.
    token_rate
        Tokens per second (Hz); None where they are not evenly spaced, which ``delta200ms`` asks for.
    statistics
        Some of :data:`STATISTICS`, in the order of the result.

    Returns
    -------
    numpy.ndarray
        ``(len(statistics) x D,)`` float32.
    """
    tokens = tokens.astype(np.float32)
    ordered = np.sort(tokens, axis=0)
    compute: dict[str, Callable[[], np.ndarray]] = {
        "mean": lambda: tokens.mean(axis=0),
        "std": lambda: tokens.std(axis=0),
        "p10": partial(_percentile, ordered, 0.1),
        "p50": partial(_percentile, ordered, 0.5),
        "p90": partial(_percentile, ordered, 0.9),
        "delta": lambda: _delta(tokens, 1),
        "delta200ms": lambda: _delta(tokens, _systole(token_rate)),
    }
    return np.concatenate([compute[name]() for name in statistics]).astype(np.float32)


def _systole(token_rate: float | None) -> int:
    """Tokens in 0.2 s."""
    if token_rate is None:
        raise ValueError(
            "delta200ms needs tokens that are evenly spaced; leave it out of the set's statistics"
        )
    return max(1, round(SYSTOLE_SECONDS * token_rate))


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
