"""Cutting recordings into windows of one fixed length, and putting tokens together again.

Fixed-length windows only: a batch of ragged, padded inputs gives group-norm encoders other numbers when the
batch mates are longer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Window:
    """The piece of audio that an encoder sees at once.

    Token ``j`` of a recording covers ``[j x hop, (j + 1) x hop)`` samples. A window of ``tokens`` tokens
    also takes in ``lead`` samples before the first and ``tail`` after the last, so that frames longer than
    the hop fall on one grid whatever the window.
    """

    hop: int
    tokens: int
    lead: int = 0
    tail: int = 0

    @property
    def samples(self) -> int:
        """Length of a window in samples."""
        return self.lead + self.tokens * self.hop + self.tail


def token_count(samples: int, hop: int) -> int:
    """Tokens of a recording: whole hops, and at least one."""
    return max(1, samples // hop)


def window_starts(tokens: int, window: Window) -> list[int]:
    """First token of each window; the last window is shifted back to end with the recording.

    Examples
    --------
    >>> window_starts(25, Window(hop=1, tokens=10))
    [0, 10, 15]
    >>> window_starts(4, Window(hop=1, tokens=10))
    [0]
    """
    if tokens <= window.tokens:
        return [0]
    return [*range(0, tokens - window.tokens, window.tokens), tokens - window.tokens]


def cut_windows(samples: np.ndarray, window: Window) -> np.ndarray:
    """Windows of a recording.

    Outside its ends the recording goes on cyclically, for a heart is periodic: that fills a window longer
    than the recording, and the few samples of ``lead`` and ``tail``.

    Parameters
    ----------
    samples
        ``(n,)`` float32, n at least 1.

    Returns
    -------
    numpy.ndarray
        ``(windows, window.samples)`` float32.
    """
    starts = np.asarray(window_starts(token_count(len(samples), window.hop), window))
    grid = (starts * window.hop - window.lead)[:, None] + np.arange(window.samples)
    return samples[grid % len(samples)]


def stitch(encoded: Sequence[np.ndarray] | np.ndarray, tokens: int, window: Window) -> np.ndarray:
    """A recording's tokens from those of its windows, each token once.

    Parameters
    ----------
    encoded
        ``(windows, window.tokens, D)`` in the order of :func:`window_starts`.
    tokens
        Tokens of the recording.

    Returns
    -------
    numpy.ndarray
        ``(tokens, D)``.
    """
    starts = window_starts(tokens, window)
    if len(encoded) != len(starts):
        raise ValueError(f"{tokens} tokens need {len(starts)} windows of {window.tokens}; got {len(encoded)}")
    if tokens <= window.tokens:
        return encoded[0][:tokens]
    whole = [encoded[i] for i in range(len(starts) - 1)]
    repeated = window.tokens * (len(starts) - 1) - starts[-1]
    return np.concatenate([*whole, encoded[-1][repeated:]])
