"""Noise of a listening room: hiss, breath, hand on the stethoscope, a child's voice."""

import numpy as np


def coloured_noise(
    length: int, sample_rate: float, low: float, high: float, rng: np.random.Generator, slope: float = 0.0
) -> np.ndarray:
    """Gaussian noise within ``low`` to ``high`` Hz, of unit RMS.

    Parameters
    ----------
    length
        Samples.
    sample_rate, low, high
        In Hz; the edges fall off over an octave.
    slope
        Power falls as ``frequency ** -slope``: 0 is white, 1 pink (equal power per octave).

    Returns
    -------
    noise
        ``(length,)`` float64.
    """
    # Computed at a length that transforms quickly, then cut.
    padded = 1 << max(4, (length - 1).bit_length())
    frequency = np.fft.rfftfreq(padded, 1 / sample_rate)
    frequency[0] = frequency[1]
    below, above = np.square(low / frequency), np.square(frequency / high)
    shape = 1 / ((1 + np.square(np.square(below))) * (1 + np.square(np.square(above))))
    if slope:
        shape *= frequency ** (-slope / 2)
    real, imaginary = rng.standard_normal((2, len(frequency)))
    noise = np.fft.irfft((real + 1j * imaginary) * shape, padded)[:length]
    return noise / np.sqrt(np.mean(noise**2))


def breathing(
    length: int, sample_rate: float, breaths_per_minute: float, rng: np.random.Generator
) -> np.ndarray:
    """Vesicular breath sounds, 100-500 Hz, louder while breathing in; ``(length,)`` of about unit RMS."""
    time = np.arange(length) / sample_rate
    phase = 2 * np.pi * (breaths_per_minute / 60 * time + rng.random())
    swell = np.maximum(np.sin(phase), 0) ** 2 + 0.4 * np.maximum(-np.sin(phase), 0) ** 2
    return 1.7 * swell * coloured_noise(length, sample_rate, 100, 500, rng, slope=2.0)


def handling(
    length: int, sample_rate: float, knocks_per_second: float, rng: np.random.Generator
) -> np.ndarray:
    """Knocks and rubs of the chest piece: short, loud, below 300 Hz; ``(length,)``, about 1 at most."""
    noise = np.zeros(length)
    for _ in range(int(rng.poisson(knocks_per_second * length / sample_rate))):
        seconds = rng.uniform(0.02, 0.25)
        size = min(length, int(seconds * sample_rate))
        start = int(rng.integers(0, length - size + 1))
        time = np.arange(size) / sample_rate
        burst = coloured_noise(size, sample_rate, 15, rng.uniform(60, 300), rng)
        noise[start : start + size] += rng.uniform(0.3, 1.0) * burst * np.exp(-5 * time / seconds)
    return noise


def voice(length: int, sample_rate: float, rng: np.random.Generator) -> np.ndarray:
    """Crying or speech through the chest: gliding harmonics of 200-450 Hz in phrases; about unit RMS."""
    time = np.arange(length) / sample_rate
    corners = np.arange(0, length / sample_rate + 0.8, 0.4)
    glide = np.interp(time, corners, rng.uniform(200, 450, len(corners)))
    phase = 2 * np.pi * np.cumsum(glide) / sample_rate
    tone = np.sum([np.sin(k * phase) / k**1.5 for k in (1, 2, 3)], axis=0)
    phrases = coloured_noise(length, sample_rate, 0.1, 0.8, rng)
    return 1.3 * np.clip(phrases, 0, 1.5) * tone
