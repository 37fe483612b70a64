"""Removal of friction spikes: knocks of the stethoscope that tower over the heartbeat."""

import bisect

import numpy as np

WINDOW_SECONDS = 0.5
THRESHOLD = 3.0
"""A spike exceeds the median of the windows' maxima by this factor."""


def remove_spikes(samples: np.ndarray, sample_rate: float) -> np.ndarray:
    """Blank spikes as Schmidt et al. 2010 do (Physiological Measurement 31, 513, section 2.2).

    The recording is divided into windows of 500 ms. While the largest absolute amplitude of any window exceeds
    three times the median over the windows, the stretch between the zero crossings around the largest amplitude
    of all is set to zero. Each round silences at least one sample, so it ends.

    Windows that are silent throughout do not count in the median: where most of a recording is digital silence,
    its sounds are not spikes.

    Parameters
    ----------
    samples
        ``(n,)`` float32 without offset, such as after a band-pass.
    sample_rate
        In Hz.

    Returns
    -------
    cleaned
        ``(n,)`` float32.
    """
    cleaned = samples.astype(np.float32)
    if not len(cleaned):
        return cleaned
    window = max(1, round(WINDOW_SECONDS * sample_rate))
    run_starts = np.flatnonzero(np.diff(np.sign(cleaned), prepend=np.nan) != 0)
    window_starts = np.arange(0, len(cleaned), window)
    # A piece is what a stretch between zero crossings has within one window.
    piece_starts = np.union1d(run_starts, window_starts)
    peaks = np.maximum.reduceat(np.abs(cleaned), piece_starts).astype(np.float64)
    first_of_run = np.append(np.searchsorted(piece_starts, run_starts), len(peaks))
    first_of_window = np.append(np.searchsorted(piece_starts, window_starts), len(peaks))
    run_ends = np.append(run_starts[1:], len(cleaned))
    for run in _spikes(peaks, first_of_run, first_of_window):
        cleaned[run_starts[run] : run_ends[run]] = 0
    return cleaned


def _spikes(peaks: np.ndarray, first_of_run: np.ndarray, first_of_window: np.ndarray) -> list[int]:
    """Runs to blank; works on the pieces' ``peaks``, which it sets to zero where it blanks."""
    maxima = np.maximum.reduceat(peaks, first_of_window[:-1])
    ordered = sorted(maxima[maxima > 0].tolist())
    spikes = []
    while ordered and ordered[-1] > THRESHOLD * _median(ordered):
        window = int(maxima.argmax())
        piece = first_of_window[window] + int(
            peaks[first_of_window[window] : first_of_window[window + 1]].argmax()
        )
        run = int(np.searchsorted(first_of_run, piece, side="right")) - 1
        spikes.append(run)
        begin, end = first_of_run[run], first_of_run[run + 1]
        peaks[begin:end] = 0
        touched = np.searchsorted(first_of_window, (begin, end - 1), side="right") - 1
        for index in range(touched[0], touched[1] + 1):
            del ordered[bisect.bisect_left(ordered, maxima[index])]
            maxima[index] = peaks[first_of_window[index] : first_of_window[index + 1]].max()
            if maxima[index] > 0:
                bisect.insort(ordered, float(maxima[index]))
    return spikes


def _median(ordered: list[float]) -> float:
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
