"""How long the states of a cycle last, and how long the cycle itself does."""

import numpy as np

from heartfeat.signals.segmentation.segmenter import Segmenter
from heartfeat.signals.segmentation.states import FRAME_RATE

LONGEST_STATE = 75
"""In frames (1.5 s)."""

HEART_RATES = (40.0, 215.0)
"""Beats per minute that are looked for."""

_CANDIDATES = 3
_USUAL_CYCLE = 30.0
# Share of states whose length follows no rule: an extra beat, a pause, a sound that cannot be heard.
_IRREGULAR = 1e-3


def cycle_candidates(log_posteriors: np.ndarray) -> np.ndarray:
    """Likely lengths of the cardiac cycle in frames, at most three, likeliest first.

    They are the highest peaks of the autocorrelation of the states' probabilities. Those tell a first from a
    second heart sound, so a peak at half the cycle, the trouble of plain envelopes, is rare. The sums are not
    divided by their number of products, which favours the cycle over its multiples.
    """
    likely = np.exp(log_posteriors)
    frames = len(likely)
    spectrum = np.fft.rfft(likely - likely.mean(axis=0), 2 * frames, axis=0)
    correlation = np.fft.irfft((np.abs(spectrum) ** 2).sum(axis=1), 2 * frames)[:frames]
    shortest, longest = (int(60 * FRAME_RATE / rate) for rate in reversed(HEART_RATES))
    # Beyond three quarters of a recording too few products are left.
    lags = np.arange(max(1, shortest), min(longest, 3 * frames // 4))
    if not len(lags):
        return np.array([_USUAL_CYCLE])
    middle = correlation[lags]
    peaks = lags[(middle >= correlation[lags - 1]) & (middle > correlation[lags + 1])]
    highest = peaks[np.argsort(-correlation[peaks], kind="stable")][:_CANDIDATES]
    return highest.astype(np.float64) if len(highest) else np.array([_USUAL_CYCLE])


def duration_tables(cycles: np.ndarray, segmenter: Segmenter) -> tuple[np.ndarray, np.ndarray]:
    """Distributions of the states' lengths: normal around what the cycle's length suggests.

    Parameters
    ----------
    cycles
        ``(k,)`` lengths of the cycle in frames.

    Returns
    -------
    log_probability
        ``(k, 4, LONGEST_STATE)``: of lasting exactly 1, 2, ... frames.
    log_survival
        Likewise, of lasting at least as long: for states cut by the recording's ends.
    """
    length = np.arange(1, LONGEST_STATE + 1)
    mean = np.maximum(segmenter.slope * cycles[:, None] + segmenter.intercept, 1.0)
    probability = np.exp(-0.5 * ((length - mean[..., None]) / segmenter.spread[:, None]) ** 2)
    probability /= probability.sum(axis=-1, keepdims=True)
    probability = (1 - _IRREGULAR) * probability + _IRREGULAR / LONGEST_STATE
    survival = probability[..., ::-1].cumsum(axis=-1)[..., ::-1]
    return np.log(probability), np.log(survival)
