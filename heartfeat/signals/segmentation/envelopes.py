"""What the segmenter sees of a recording: log energies of narrow bands, 50 times a second."""

import itertools

import numpy as np

from heartfeat.signals.filters import resample
from heartfeat.signals.segmentation.states import FRAME_RATE, frame_count

BAND_EDGES = (23.4, 39.1, 54.7, 70.3, 85.9, 101.6, 132.8, 164.1, 210.9, 273.4, 351.6, 492.2)
"""Edges of the bands (Hz); band ``k`` lies between edges ``k`` and ``k + 1``."""

BANDS = len(BAND_EDGES) - 1

_RATE = 1000
_WINDOW = 64
_FLOOR = 1e-5
_SMALLEST_SPREAD = 0.1


def log_envelopes(samples: np.ndarray, sample_rate: float) -> np.ndarray:
    """Log energy per band and frame, without the recording's own level and spread.

    Parameters
    ----------
    samples
        ``(n,)`` float32, n at least 1.
    sample_rate
        In Hz.

    Returns
    -------
    envelopes
        ``(frames, BANDS)`` float32: per band of mean 0 and, unless the band does not vary, of variance 1.
        Bands that reach beyond the Nyquist frequency are 0.
    """
    frames = frame_count(len(samples) / sample_rate)
    power = _power(resample(samples, sample_rate, _RATE), frames)
    frequency = np.fft.rfftfreq(_WINDOW, 1 / _RATE)
    inside = [(frequency >= low) & (frequency < high) for low, high in itertools.pairwise(BAND_EDGES)]
    energy = power @ np.stack(inside, axis=1).astype(np.float32)
    # 50 dB below the loudest band nothing is heard: the floor keeps digital silence quiet.
    logs = np.log(energy + _FLOOR * float(energy.mean(axis=0).max()) + 1e-20)
    centred = logs - logs.mean(axis=0)
    centred[:, np.array(BAND_EDGES[1:]) > sample_rate / 2] = 0
    return centred / np.maximum(logs.std(axis=0), _SMALLEST_SPREAD)


def _power(samples: np.ndarray, frames: int) -> np.ndarray:
    """Power spectrum of a Hann window around the middle of each frame; ``(frames, _WINDOW / 2 + 1)``."""
    hop = _RATE // FRAME_RATE
    lead = (_WINDOW - hop) // 2
    # Mirrored ends: zeros would sound like a click.
    padded = np.pad(samples, (lead, max(0, frames * hop - len(samples)) + _WINDOW), mode="reflect")
    pieces = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[: frames * hop : hop]
    spectrum = np.fft.rfft(pieces * np.hanning(_WINDOW).astype(np.float32), axis=1)
    return (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
