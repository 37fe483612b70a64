"""Windows that begin with a heartbeat: each starts at a first heart sound and keeps whole cycles only.

The windows have the fixed length of :mod:`heartfeat.backbones.windows`, never another; what differs is where
they start and how many of their tokens are kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heartfeat.backbones.windows import Window, token_count, window_starts


@dataclass(frozen=True, eq=False)
class CycleLayout:
    """Where the windows of one recording lie.

    Attributes
    ----------
    starts
        ``(windows,)`` int64: sample at which a window's first token begins.
    spans
        ``(windows,)`` int64: samples from there to the end of the audio that the window stands for.
    kept
        ``(windows,)`` int64, 1 to ``window.tokens``: how many of a window's first tokens are kept.
    """

    starts: np.ndarray
    spans: np.ndarray
    kept: np.ndarray


def cycle_layout(samples: int, onsets: np.ndarray, sample_rate: float, window: Window) -> CycleLayout:
    """Divide a recording at its first heart sounds.

    A window begins at an onset, keeps the tokens up to the end of the last cycle that fits whole, and the next
    begins there. What lies before the first onset and after the last is dropped. A cycle longer than a window
    is cut by plain windows, as is the whole of a recording that has no whole cycle of at least one token.

    Parameters
    ----------
    samples
        Length of the recording, at least 1.
    onsets
        ``(k,)`` onsets of the first heart sound (s), in any order; those outside the recording do not count.
    sample_rate
        In Hz.
    """
    beats = np.unique(np.rint(np.asarray(onsets, dtype=np.float64) * sample_rate).astype(np.int64))
    beats = beats[(beats >= 0) & (beats < samples)]
    reach = window.tokens * window.hop
    pieces: list[tuple[int, int, int]] = []
    first = 0
    while first < len(beats) - 1:
        last = int(np.searchsorted(beats, beats[first] + reach, side="right")) - 1
        if last > first:
            span = int(beats[last] - beats[first])
            pieces.append((int(beats[first]), span, span // window.hop))
        else:
            last = first + 1
            pieces += _plain(int(beats[first]), int(beats[last] - beats[first]), window)
        first = last
    # Cycles shorter than one token leave nothing of their window.
    pieces = [piece for piece in pieces if piece[2] > 0] or _plain(0, samples, window)
    starts, spans, kept = np.asarray(pieces, dtype=np.int64).T
    return CycleLayout(starts, spans, kept)


def _plain(start: int, samples: int, window: Window) -> list[tuple[int, int, int]]:
    """The fixed windows of a stretch; of two that overlap, the earlier one keeps less."""
    tokens = token_count(samples, window.hop)
    firsts = window_starts(tokens, window)
    ends = [*firsts[1:], tokens]
    return [
        (start + first * window.hop, samples - first * window.hop, end - first)
        for first, end in zip(firsts, ends, strict=True)
    ]


def cut_cycle_windows(
    samples: np.ndarray, onsets: np.ndarray, sample_rate: float, window: Window
) -> tuple[np.ndarray, np.ndarray]:
    """Windows of a recording that each begin with a heartbeat.

    Outside its ends the recording goes on with the window's own cycles, in step with the beat.

    Parameters
    ----------
    samples
        ``(n,)`` float32, n at least 1.
    onsets
        ``(k,)`` float64: onsets of the first heart sound (s).
    sample_rate
        Rate of ``samples`` (Hz).

    Returns
    -------
    windows
        ``(windows, window.samples)`` float32.
    kept
        ``(windows,)`` int64: how many of each window's first tokens belong to the recording's tokens.
    """
    layout = cycle_layout(len(samples), onsets, sample_rate, window)
    starts, spans = layout.starts[:, None], layout.spans[:, None]
    offsets = np.arange(window.samples) - window.lead
    grid = starts + offsets
    outside = (grid < 0) | (grid >= len(samples))
    return samples[np.where(outside, starts + offsets % spans, grid)], layout.kept


def stitch_cycles(encoded: Sequence[np.ndarray] | np.ndarray, kept: np.ndarray) -> np.ndarray:
    """A recording's tokens from those of its windows.

    Parameters
    ----------
    encoded
        ``(windows, window.tokens, D)``.
    kept
        ``(windows,)``, from :func:`cut_cycle_windows`.

    Returns
    -------
    numpy.ndarray
        ``(sum(kept), D)``.
    """
    if len(encoded) != len(kept):
        raise ValueError(f"kept is for {len(kept)} windows; got {len(encoded)}")
    return np.concatenate([tokens[:count] for tokens, count in zip(encoded, kept, strict=True)])
