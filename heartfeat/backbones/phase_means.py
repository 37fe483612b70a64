"""One token per heart cycle from an encoder's evenly spaced tokens: their means over phases, side by side."""

from collections.abc import Sequence

import numpy as np


def phase_edges(beats: np.ndarray, phases: Sequence[int]) -> np.ndarray:
    """Where phases begin and end, ``(beats, sum(phases) + 1)`` (s): each state is divided evenly.

    Parameters
    ----------
    beats
        ``(beats, 5)`` onsets of S1, systole, S2, diastole and the next S1 (s).
    phases
        Number of phases of S1, systole, S2 and diastole.
    """
    state = np.repeat(np.arange(len(phases)), phases)
    share = np.concatenate([np.arange(number) / number for number in phases])
    starts = beats[:, state] + np.diff(beats, axis=1)[:, state] * share
    return np.concatenate([starts, beats[:, -1:]], axis=1)


def phase_means(tokens: np.ndarray, step: float, beats: np.ndarray, phases: Sequence[int]) -> np.ndarray:
    """Mean of the tokens over each phase of each beat.

    A token stands for the whole of its step, so a phase's mean weighs tokens by how much of the phase they cover; a
    phase shorter than a step is (nearly) the token that it lies in. Beyond the recording's last token goes on.

    Parameters
    ----------
    tokens
        ``(T, channels)``, token ``j`` standing for ``[j, j + 1) x step``.
    step
        Seconds from one token to the next.
    beats, phases
        See :func:`phase_edges`.

    Returns
    -------
    numpy.ndarray
        ``(beats, sum(phases) x channels)`` in the type of ``tokens``, phase by phase.
    """
    sums = np.concatenate([np.zeros((1, tokens.shape[1])), np.cumsum(tokens, axis=0, dtype=np.float64)])
    edges = np.clip(phase_edges(beats, phases) / step, 0, len(tokens))
    # A phase outside the last token, or of no length, becomes a sliver of the token nearest to it.
    first = np.minimum(edges[:, :-1], len(tokens) - _SLIVER)
    last = np.maximum(edges[:, 1:], first + _SLIVER)
    means = (_integral(sums, last) - _integral(sums, first)) / (last - first)[:, :, None]
    return means.reshape(len(beats), -1).astype(tokens.dtype)


_SLIVER = 1e-3
"""Shortest stretch that is averaged, in steps."""


def _integral(sums: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Sum of the tokens before ``places`` (in steps), the last one in part: ``(*places.shape, channels)``."""
    whole = np.minimum(places.astype(np.int64), len(sums) - 2)
    part = (places - whole)[..., None]
    return sums[whole] * (1 - part) + sums[whole + 1] * part
