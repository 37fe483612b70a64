"""Figures that say how far a recording can be trusted."""

import numpy as np

from heartfeat.signals.filters import band_pass
from heartfeat.signals.segmentation import DIASTOLE, FRAME_RATE, S1, S2, SYSTOLE

CONTRASTS = ("s1_contrast_db", "s2_contrast_db")
"""How clearly each heart sound is heard."""

WHOLE = ("clipping", "silence", "snr_db", "periodicity")
"""Figures that need no heart sounds to be found."""

QUALITY = (*WHOLE, *CONTRASTS)
"""Names of the quality figures, in the order of their columns."""

HEART_BAND = (20.0, 800.0)
CLEAR_BAND = (150.0, 600.0)
"""What a stethoscope that is held badly loses first of a heart sound (Hz)."""

HEART_RATES = (40.0, 220.0)
"""Beats per minute that count as a heart."""

_ENVELOPE_RATE = 50
_SNR_LIMIT = 60.0
_TINY_POWER = 1e-12


def quality_figures(samples: np.ndarray, sample_rate: float, states: np.ndarray) -> dict[str, float]:
    """Clipping, silence, in-band signal-to-noise ratio, periodicity and contrasts of a recording as decoded.

    Parameters
    ----------
    samples
        ``(n,)`` float32 before any filtering.
    sample_rate
        In Hz.
    states
        ``(frames,)`` states of the cardiac cycle at 50 Hz; see :func:`heartfeat.signals.segmentation.segment`.

    Returns
    -------
    figures
        ``clipping``: share of samples on flat tops (three or more in a row at the recording's own extreme).
        ``silence``: share of 50 ms frames that are digitally silent or 40 dB below the median frame.
        ``snr_db``: power within 20-800 Hz over power outside, in dB, limited to +-60; comparable only between
        recordings of one sample rate, for outside ends at the Nyquist frequency.
        ``periodicity``: 0 to 1, highest peak of the envelope's autocorrelation at 40-220 beats/min.
        ``s1_contrast_db``, ``s2_contrast_db``: mean level within 150-600 Hz in S1 less that in systole, and in S2 less
        that in diastole, in dB; 0 where there is none of the two, or no such band. A murmur lowers the first.
    """
    centred = samples.astype(np.float64) - float(np.mean(samples, dtype=np.float64))
    return {
        "clipping": _clipping(samples),
        "silence": _silence(centred, sample_rate),
        "snr_db": _snr_db(centred, sample_rate),
        "periodicity": _periodicity(centred, sample_rate),
        **dict(zip(CONTRASTS, _contrasts(centred, sample_rate, states), strict=True)),
    }


def _clipping(samples: np.ndarray) -> float:
    margin = 1e-4 * float(np.abs(samples).max())
    share = 0.0
    for extreme in (float(samples.max()), float(samples.min())):
        at = np.abs(samples - extreme) <= margin
        inner = at[:-2] & at[1:-1] & at[2:]
        # A run of k samples has k - 2 inner ones; each run's two ends are put back.
        runs = int(inner[:1].sum()) + int((inner[1:] & ~inner[:-1]).sum())
        share += (int(inner.sum()) + 2 * runs) / len(samples)
    return min(share, 1.0)


def _silence(centred: np.ndarray, sample_rate: float) -> float:
    frame = max(1, min(round(0.05 * sample_rate), len(centred)))
    count = len(centred) // frame
    level = np.sqrt(np.mean(centred[: count * frame].reshape(count, frame) ** 2, axis=1))
    return float(np.mean(level <= max(1e-5, 0.01 * float(np.median(level)))))


def _snr_db(centred: np.ndarray, sample_rate: float) -> float:
    power = np.abs(np.fft.rfft(centred)) ** 2
    frequency = np.fft.rfftfreq(len(centred), 1 / sample_rate)
    inside = (frequency >= HEART_BAND[0]) & (frequency <= HEART_BAND[1])
    within, outside = float(power[inside].sum()), float(power[~inside].sum())
    tiny = 1e-12 * (within + outside) + 1e-30
    ratio = 10 * np.log10((within + tiny) / (outside + tiny))
    return float(np.clip(ratio, -_SNR_LIMIT, _SNR_LIMIT))


def _periodicity(centred: np.ndarray, sample_rate: float) -> float:
    envelope = _envelope(centred, sample_rate)
    n = len(envelope)
    spectrum = np.fft.rfft(envelope, 2 * n)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:n] / np.arange(n, 0, -1)
    first = int(np.ceil(60 / HEART_RATES[1] * _ENVELOPE_RATE))
    # Beyond half the recording too few products are left to average.
    last = min(int(60 / HEART_RATES[0] * _ENVELOPE_RATE), n // 2)
    if last <= first or correlation[0] <= 0:
        return 0.0
    centre = correlation[first : last + 1]
    peak = (centre >= correlation[first - 1 : last]) & (centre >= correlation[first + 1 : last + 2])
    highest = float(centre[peak].max()) if peak.any() else 0.0
    return float(np.clip(highest / correlation[0], 0.0, 1.0))


def _envelope(centred: np.ndarray, sample_rate: float) -> np.ndarray:
    """Mean magnitude within 25-400 Hz at 50 values per second, slower than 0.5 Hz taken out."""
    band = np.abs(band_pass(centred.astype(np.float32), sample_rate, 25.0, 400.0))
    # Square root: one loud knock must not hide the beats.
    envelope = np.sqrt(_means(band, sample_rate / _ENVELOPE_RATE))
    spectrum = np.fft.rfft(envelope)
    spectrum[np.fft.rfftfreq(len(envelope), 1 / _ENVELOPE_RATE) < 0.5] = 0
    return np.fft.irfft(spectrum, len(envelope))


def _contrasts(centred: np.ndarray, sample_rate: float, states: np.ndarray) -> tuple[float, float]:
    """Of S1 over systole and of S2 over diastole (dB)."""
    low, high = CLEAR_BAND
    if sample_rate / 2 <= low:
        return 0.0, 0.0
    band = band_pass(centred.astype(np.float32), sample_rate, low, high)
    power = _means(np.square(band), sample_rate / FRAME_RATE)
    count = min(len(power), len(states))
    level, frames = 10 * np.log10(power[:count] + _TINY_POWER), states[:count]
    of_state = {state: level[frames == state] for state in (S1, SYSTOLE, S2, DIASTOLE)}
    return _difference(of_state[S1], of_state[SYSTOLE]), _difference(of_state[S2], of_state[DIASTOLE])


def _means(values: np.ndarray, length: float) -> np.ndarray:
    """Float64 means over stretches of about ``length`` values, which need not be a whole number."""
    edges = np.arange(0, len(values), length).astype(int)
    edges = edges[edges < len(values)]  # the division may round up to one more
    return np.add.reduceat(values, edges, dtype=np.float64) / np.diff(np.append(edges, len(values)))


def _difference(sound: np.ndarray, pause: np.ndarray) -> float:
    return float(sound.mean() - pause.mean()) if len(sound) and len(pause) else 0.0
