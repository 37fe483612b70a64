"""How well the onsets of found states agree with annotated ones."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from heartfeat.signals.segmentation.states import UNANNOTATED, onsets

TOLERANCE = 0.1
"""Largest distance of two onsets that are the same (s)."""


@dataclass(frozen=True)
class Agreement:
    """Onsets that were found, missed, and found where the annotation has none."""

    hits: int = 0
    misses: int = 0
    extras: int = 0

    @property
    def f1(self) -> float:
        """2 hits / (2 hits + misses + extras); NaN where there is nothing to find and nothing was found."""
        total = 2 * self.hits + self.misses + self.extras
        return 2 * self.hits / total if total else float("nan")


def compare_onsets(states: np.ndarray, annotation: np.ndarray, state: int) -> Agreement:
    """Compare the onsets of one state within the annotated stretches of a recording.

    An annotated onset and a found one are matched one to one when they lie within :data:`TOLERANCE`. Found
    onsets outside the annotated stretches are not judged, unless they match an annotated onset.

    Parameters
    ----------
    states
        ``(frames,)`` uint8 at 50 Hz, as found.
    annotation
        ``(rows, 3)`` of start (s), end (s) and state.
    state
        Such as 1 for S1.
    """
    annotated = annotation[annotation[:, 2] != UNANNOTATED]
    wanted, found = annotated[annotated[:, 2] == state, 0], onsets(states, state)
    matched = match_onsets(wanted, found)
    judged = np.zeros(len(found), dtype=bool)
    for start, end, _ in annotated:
        judged |= (found >= start) & (found < end)
    hits = int(matched.sum())
    return Agreement(hits, len(wanted) - hits, int((judged & ~matched).sum()))


def match_onsets(wanted: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Which of ``found`` can be matched, one to one, with ``wanted``; both ascending (s).

    Going through both in order and taking every pair that is close enough gives the most pairs.
    """
    matched = np.zeros(len(found), dtype=bool)
    first = second = 0
    while first < len(wanted) and second < len(found):
        distance = found[second] - wanted[first]
        # Onsets are whole frames or microseconds: the addend only absorbs rounding.
        if abs(distance) <= TOLERANCE + 1e-9:
            matched[second] = True
            first += 1
            second += 1
        elif distance < 0:
            second += 1
        else:
            first += 1
    return matched


def pooled(agreements: Iterable[Agreement]) -> Agreement:
    """All onsets of several recordings together."""
    listed = list(agreements)
    return Agreement(*(sum(getattr(one, name) for one in listed) for name in ("hits", "misses", "extras")))
