"""Zero-phase filters, resampling and level: pure functions from float32 to float32."""

import numpy as np
import soxr


def band_pass(samples: np.ndarray, sample_rate: float, low: float, high: float, order: int = 2) -> np.ndarray:
    """Keep ``low`` to ``high`` Hz with a Butterworth filter that runs forward and backward.

    The magnitude response is the square of Butterworth's (1930, Experimental Wireless 7, 536), so each edge
    lies at -6 dB; phase is zero. Second order both ways is what Schmidt et al. 2010 and Springer et al. 2016
    (IEEE Trans. Biomed. Eng. 63, 822) use. An edge at or beyond 0 Hz or the Nyquist frequency has nothing to
    remove and is left out.

    Parameters
    ----------
    samples
        ``(n,)`` float32.
    sample_rate, low, high
        In Hz.
    order
        Order of the low-pass prototype.

    Returns
    -------
    filtered
        ``(n,)`` float32.

    Raises
    ------
    ValueError
        When nothing would be left: ``low >= high``, or ``low`` is not below the Nyquist frequency.
    """
    nyquist = sample_rate / 2
    if low >= high or low >= nyquist or high <= 0:
        raise ValueError(
            f"no band lies between {low:g} and {high:g} Hz at a sample rate of {sample_rate:g} Hz"
        )
    if low > 0 and high < nyquist:
        edges, kind = [low, high], "bandpass"
    elif low > 0:
        edges, kind = [low], "highpass"
    elif high < nyquist:
        edges, kind = [high], "lowpass"
    else:
        return samples.astype(np.float32)
    return _both_ways(samples, sample_rate, edges, kind, order)


def band_stop(samples: np.ndarray, sample_rate: float, low: float, high: float) -> np.ndarray:
    """Remove ``low`` to ``high`` Hz with a Butterworth filter of order 4 that runs forward and backward.

    ``high`` is limited to 0.49 of the sample rate. At the edges, as of :func:`band_pass`, the level is -6 dB.

    Parameters
    ----------
    samples
        ``(n,)`` float32.
    sample_rate, low, high
        In Hz.

    Returns
    -------
    filtered
        ``(n,)`` float32.

    Raises
    ------
    ValueError
        When ``low`` is not above 0 and below ``high``, as limited.
    """
    edges = [low, min(high, 0.49 * sample_rate)]
    return _both_ways(samples, sample_rate, edges, "bandstop", 4)


def _both_ways(
    samples: np.ndarray, sample_rate: float, edges: list[float], kind: str, order: int
) -> np.ndarray:
    cutoff = edges if len(edges) == 2 else edges[0]
    # Deferred: importing it takes a second, which a run that finds nothing to do should not spend.
    from scipy import signal

    sections = signal.butter(order, cutoff, btype=kind, fs=sample_rate, output="sos")
    # Two periods of the lowest edge: long enough for the start-up of the filter to die away in the padding.
    padding = min(len(samples) - 1, int(2 * sample_rate / edges[0]))
    return signal.sosfiltfilt(sections, samples.astype(np.float64), padlen=max(padding, 0)).astype(np.float32)


def resample(samples: np.ndarray, from_rate: float, to_rate: float) -> np.ndarray:
    """Change the sample rate with libsoxr (R. Sykes, https://sourceforge.net/p/soxr), at very high quality.

    Parameters
    ----------
    samples
        ``(n,)`` float32.
    from_rate, to_rate
        In Hz.

    Returns
    -------
    resampled
        ``(n x to_rate / from_rate,)`` float32, rounded; linear phase, without delay.
    """
    if from_rate == to_rate:
        return samples.astype(np.float32)
    return soxr.resample(samples.astype(np.float32), from_rate, to_rate, quality="VHQ")


def normalise_level(samples: np.ndarray, sample_rate: float, target_dbfs: float) -> np.ndarray:
    """Scale a recording so that its typical second has the level ``target_dbfs``.

    The level is 20 log10 of the median RMS over windows of 1 s (a rule of our own), so that neither a spike nor
    a second of handling noise sets it. Where most windows are empty, the median of the others counts; silence
    stays silence.

    Parameters
    ----------
    samples
        ``(n,)`` float32.
    sample_rate
        In Hz.
    target_dbfs
        RMS in dB relative to full scale (1.0).

    Returns
    -------
    scaled
        ``(n,)`` float32; peaks may exceed 1.
    """
    levels = _window_rms(samples, max(1, round(sample_rate)))
    if not levels.any():
        return samples.astype(np.float32)
    level = float(np.median(levels)) or float(np.median(levels[levels > 0]))
    return (samples * (10 ** (target_dbfs / 20) / level)).astype(np.float32)


def _window_rms(samples: np.ndarray, window: int) -> np.ndarray:
    """RMS per whole window, or of everything where there is not one whole window."""
    count = max(1, len(samples) // window)
    whole = samples[: count * window].astype(np.float64).reshape(count, -1)
    return np.sqrt(np.mean(whole**2, axis=1)) if whole.size else np.zeros(1)
