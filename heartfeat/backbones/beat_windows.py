"""One window per heart cycle: short frames of audio at fixed phases of the cycle, laid end to end.

Each state of the cycle gets a number of frames of its own, evenly over its duration, so that beats of any heart rate
line up: frame 10 looks at the same part of systole in a child and in an adult.
"""

from collections.abc import Sequence

import numpy as np

from heartfeat.signals.segmentation.states import CYCLE, S1, intervals

PLAIN_SECONDS = 0.8
"""Length of the cycles of a recording in which none was found (s)."""

_ORDER = (*CYCLE, S1)


def whole_beats(states: np.ndarray) -> np.ndarray:
    """The heart cycles that lie whole in a recording.

    Parameters
    ----------
    states
        ``(frames,)`` uint8 at 50 Hz.

    Returns
    -------
    numpy.ndarray
        ``(beats, 5)`` float64 (s): onsets of S1, systole, S2 and diastole, and of the next S1. A cycle that the
        recording's first frame lies in does not count, for it may have begun before.
    """
    if len(states) == 0:
        return np.empty((0, len(_ORDER)))
    runs = intervals(states)[1:]
    if len(runs) < len(_ORDER):
        return np.empty((0, len(_ORDER)))
    starts, order = (np.lib.stride_tricks.sliding_window_view(runs[:, k], len(_ORDER)) for k in (0, 2))
    return starts[(order == _ORDER).all(axis=1)]


def plain_beats(seconds: float, phases: Sequence[int]) -> np.ndarray:
    """Cycles of 0.8 s in place of heart cycles, ``(beats, 5)`` as from :func:`whole_beats`, phases evenly spread.

    A recording of ``seconds`` that is shorter is one cycle.
    """
    length = min(PLAIN_SECONDS, seconds)
    # A duration is a rounded quotient: 2.4 s must not lose its third cycle.
    starts = PLAIN_SECONDS * np.arange(max(1, int(seconds / PLAIN_SECONDS + 1e-6)))
    shares = np.cumsum([0, *phases]) / sum(phases)
    return starts[:, None] + length * shares


def beats_or_plain(states: np.ndarray, seconds: float, phases: Sequence[int]) -> np.ndarray:
    """Heart cycles of a recording, or cycles of 0.8 s where none was found: ``(beats, 5)`` (s), at least one."""
    beats = whole_beats(states)
    return beats if len(beats) else plain_beats(seconds, phases)


def phase_times(beats: np.ndarray, phases: Sequence[int]) -> np.ndarray:
    """Middle of each phase, ``(beats, sum(phases))`` (s).

    Phase ``i`` of a state with ``n`` of them lies ``(i + 0.5) / n`` of the state's duration after its onset.

    Parameters
    ----------
    beats
        ``(beats, 5)`` from :func:`whole_beats`.
    phases
        Number of phases of S1, systole, S2 and diastole.
    """
    state = np.repeat(np.arange(len(phases)), phases)
    share = np.concatenate([(np.arange(number) + 0.5) / number for number in phases])
    return beats[:, state] + np.diff(beats, axis=1)[:, state] * share


def cut_beat_windows(
    samples: np.ndarray, states: np.ndarray, sample_rate: float, phases: Sequence[int], frame: int
) -> np.ndarray:
    """The frames of each heart cycle, or of plain cycles where none was found.

    Beyond its ends the recording goes on with its outermost sample.

    Parameters
    ----------
    samples
        ``(n,)`` float32, n at least 1.
    states
        ``(frames,)`` uint8 at 50 Hz.
    sample_rate
        Rate of ``samples`` (Hz).
    phases
        Number of phases of S1, systole, S2 and diastole.
    frame
        Samples per phase.

    Returns
    -------
    numpy.ndarray
        ``(beats, sum(phases) x frame)`` float32, at least one beat.
    """
    beats = beats_or_plain(states, len(samples) / sample_rate, phases)
    firsts = np.rint(phase_times(beats, phases) * sample_rate - frame / 2).astype(np.int64)
    grid = firsts[:, :, None] + np.arange(frame)
    return samples[np.clip(grid, 0, len(samples) - 1)].reshape(len(beats), -1)
