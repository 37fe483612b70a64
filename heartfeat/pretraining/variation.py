"""What is changed of a crop so that an encoder learns to look past it: level, slope of the spectrum, noise."""

import numpy as np

from heartfeat.pretraining.settings import CropSettings

POWER_FLOOR = 1e-12


class Variation:
    """Varies crops, each with draws of its own.

    Parameters
    ----------
    settings
        How much.
    sample_rate
        Of the crops (Hz).
    """

    def __init__(self, settings: CropSettings, sample_rate: int) -> None:
        self._settings, self._rate = settings, sample_rate

    def __call__(self, crops: np.ndarray, others: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Varied copies.

        Parameters
        ----------
        crops
            ``(n, samples)`` float32.
        others
            ``(n, samples)`` float32, sounds that may be mixed in.

        Returns
        -------
        numpy.ndarray
            ``(n, samples)`` float32.
        """
        noisy = self._with_noise(crops, others, rng)
        spectrum = np.fft.rfft(noisy)
        return np.fft.irfft(spectrum * self._response(noisy.shape, rng), n=noisy.shape[1]).astype(np.float32)

    def _with_noise(self, crops: np.ndarray, others: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        count = len(crops)
        white = rng.standard_normal(crops.shape, dtype=np.float32)
        noise = np.where(rng.random((count, 1)) < 0.5, others, white)
        mean, spread = self._settings.noise_db
        level = 10 ** ((mean + spread * rng.standard_normal((count, 1))) / 20)
        share = np.sqrt(_power(crops) / np.maximum(_power(noise), POWER_FLOOR)) * level
        return crops + np.where(rng.random((count, 1)) < self._settings.noise, share, 0.0) * noise

    def _response(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Amplification per crop and frequency: a level, and a slope over the logarithm of frequency."""
        frequencies = np.fft.rfftfreq(shape[1], 1 / self._rate)
        octaves = np.log2(np.clip(frequencies, 25, 800) / np.sqrt(25 * 800)) / np.log2(np.sqrt(800 / 25))
        gain, tilt = (
            spread * rng.standard_normal((shape[0], 1))
            for spread in (self._settings.gain, self._settings.tilt)
        )
        return 10 ** ((gain + tilt * octaves) / 20)


def _power(crops: np.ndarray) -> np.ndarray:
    return np.square(crops, dtype=np.float64).mean(axis=1, keepdims=True)
