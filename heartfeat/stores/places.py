"""Rows of a store's tables: chosen patients, each with its chosen recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Places:
    """Chosen patients in order, and what of each is chosen.

    Attributes
    ----------
    patients
        ``(patients,)`` int64 rows of the patients table.
    offsets
        ``(patients + 1,)`` int64: the n-th chosen patient owns ``recordings[offsets[n]:offsets[n + 1]]``.
    recordings
        ``(recordings,)`` int64 rows of the recordings table.
    """

    patients: np.ndarray
    offsets: np.ndarray
    recordings: np.ndarray

    def keep(self, wanted: np.ndarray) -> Places:
        """Those recordings for which ``wanted``, ``(recordings,)`` bool, is true; no patient is lost."""
        before = np.concatenate([[0], np.cumsum(wanted)])
        return Places(self.patients, before[self.offsets], self.recordings[wanted])

    def take(self, patients: np.ndarray | Sequence[int]) -> Places:
        """Some of the chosen patients, by their numbers, in that order."""
        starts, stops = self.offsets[:-1][patients], self.offsets[1:][patients]
        chosen, offsets = joined(starts, stops)
        return Places(self.patients[patients], offsets, self.recordings[chosen])


def joined(starts: np.ndarray, stops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All numbers of the spans ``starts[n]:stops[n]``, one after the other, and the offsets of the spans.

    Parameters
    ----------
    starts, stops
        ``(spans,)`` int64.

    Returns
    -------
    tuple
        ``(numbers,)`` and ``(spans + 1,)`` int64.
    """
    lengths = stops - starts
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths), offsets


def merged(starts: np.ndarray, stops: np.ndarray) -> list[tuple[int, int]]:
    """The ``(spans,)`` spans ``starts[n]:stops[n]``, those that follow on each other made one, and no empty ones."""
    filled = stops > starts
    starts, stops = starts[filled], stops[filled]
    if not len(starts):
        return []
    breaks = np.flatnonzero(starts[1:] != stops[:-1])
    firsts = starts[np.concatenate([[0], breaks + 1])]
    lasts = stops[np.concatenate([breaks, [len(stops) - 1]])]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def grouped(spans: list[tuple[int, int]], gap: int) -> list[list[tuple[int, int]]]:
    """Rising spans with no more than ``gap`` numbers between them, in groups to be read together."""
    groups: list[list[tuple[int, int]]] = []
    for span in spans:
        if groups and 0 <= span[0] - groups[-1][-1][1] <= gap:
            groups[-1].append(span)
        else:
            groups.append([span])
    return groups
