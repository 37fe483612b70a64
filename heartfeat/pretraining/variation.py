"""What is changed of a crop so that an encoder learns to look past it: level, slope of the spectrum, noise."""

import numpy as np
import torch
from torch import Tensor

from heartfeat.pretraining.settings import CropSettings

POWER_FLOOR = 1e-12

BAND = (25.0, 800.0)
"""Ends of the slope (Hz)."""


class Variation:
    """Varies crops, each with draws of its own, on the device that they lie on.

    Parameters
    ----------
    settings
        How much.
    sample_rate
        Of the crops (Hz).
    """

    def __init__(self, settings: CropSettings, sample_rate: int) -> None:
        self._settings, self._rate = settings, sample_rate

    def __call__(self, crops: Tensor, others: Tensor, rng: np.random.Generator) -> Tensor:
        """Varied copies.

        Parameters
        ----------
        crops
            ``(n, samples)`` float32.
        others
            ``(n, samples)`` float32, sounds that may be mixed in.

        Returns
        -------
        Tensor
            ``(n, samples)`` float32.
        """
        noisy = self._with_noise(crops, others, rng)
        spectrum = torch.fft.rfft(noisy)
        return torch.fft.irfft(spectrum * self._response(noisy, rng), n=noisy.shape[1])

    def _with_noise(self, crops: Tensor, others: Tensor, rng: np.random.Generator) -> Tensor:
        count = len(crops)
        generator = torch.Generator(crops.device).manual_seed(int(rng.integers(2**63)))
        white = torch.randn(crops.shape, generator=generator, device=crops.device)
        noise = torch.where(_column(rng.random(count) < 0.5, crops), others, white)
        mean, spread = self._settings.noise_db
        level = 10 ** ((mean + spread * rng.standard_normal(count)) / 20)
        level[rng.random(count) >= self._settings.noise] = 0.0
        share = (_power(crops) / _power(noise).clamp(min=POWER_FLOOR)).sqrt() * _column(level, crops)
        return crops + share.float() * noise

    def _response(self, crops: Tensor, rng: np.random.Generator) -> Tensor:
        """Amplification per crop and frequency: a level, and a slope over the logarithm of frequency."""
        frequencies = torch.fft.rfftfreq(crops.shape[1], 1 / self._rate, device=crops.device)
        low, high = BAND
        middle = np.sqrt(low * high)
        octaves = (frequencies.clamp(low, high) / middle).log2() / np.log2(high / middle)
        gain, tilt = (
            _column(spread * rng.standard_normal(len(crops)), crops).float()
            for spread in (self._settings.gain, self._settings.tilt)
        )
        return 10 ** ((gain + tilt * octaves) / 20)


def _column(numbers: np.ndarray, like: Tensor) -> Tensor:
    """``(n, 1)`` on the device of ``like``."""
    return torch.from_numpy(numbers).to(like.device, non_blocking=True)[:, None]


def _power(crops: Tensor) -> Tensor:
    return crops.square().mean(dim=1, keepdim=True, dtype=torch.float64)
