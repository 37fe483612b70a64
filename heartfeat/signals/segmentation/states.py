"""The states of the cardiac cycle on one grid of 50 frames per second."""

import numpy as np

FRAME_RATE = 50
"""States per second."""

UNANNOTATED, S1, SYSTOLE, S2, DIASTOLE = range(5)
STATES = ("unannotated", "S1", "systole", "S2", "diastole")
"""Names of the states by their number, the numbers of CirCor's annotations."""

CYCLE = (S1, SYSTOLE, S2, DIASTOLE)
"""The states of one heart cycle, in order."""


def frame_count(duration: float) -> int:
    """Frames of a recording of ``duration`` (s): whole 1/50 s, and at least one."""
    # A duration is a rounded quotient: 2.3 s must not lose its 115th frame.
    return max(1, int(duration * FRAME_RATE + 1e-6))


def onsets(states: np.ndarray, state: int) -> np.ndarray:
    """When a state begins.

    Parameters
    ----------
    states
        ``(frames,)`` uint8 at 50 Hz.
    state
        Such as :data:`S1`.

    Returns
    -------
    onsets
        ``(k,)`` float64 (s). A state that is already there at the first frame began before it: no onset.
    """
    at = states == state
    return (np.flatnonzero(at[1:] & ~at[:-1]) + 1) / FRAME_RATE


def intervals(states: np.ndarray) -> np.ndarray:
    """Runs of equal states: ``(runs, 3)`` float64 of start (s), end (s) and state, as in an annotation.

    ``states`` is ``(frames,)`` uint8, at least one frame.
    """
    first = np.flatnonzero(np.diff(states, prepend=states[:1] + 1))
    last = np.append(first[1:], len(states))
    return np.stack([first / FRAME_RATE, last / FRAME_RATE, states[first]], axis=1)
