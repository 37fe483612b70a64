"""From decoded samples to what every view of a recording starts from."""

from dataclasses import dataclass

import numpy as np

from heartfeat.errors import RecordingError

PREPROCESSING_REVISION = 1
"""Raised when preprocessing changes any feature."""

LEVEL_DBFS = -26.0
"""Level that recordings are brought to where an encoder asks for no other (dB re full scale)."""

TOO_LOW = "sample rate too low"
"""Why a recording cannot be used by one backbone, though it can by others."""


@dataclass(frozen=True)
class Preprocessing:
    """Band, rate and level, in the order in which they are applied; part of the feature key.

    Attributes
    ----------
    sample_rate
        Rate of the result (Hz).
    low, high
        Pass band (Hz).
    spikes_removed
        Whether friction spikes are blanked before the level is set (Schmidt et al. 2010).
    level_dbfs
        Root mean square of the result (dB re 1.0). Normalised once per recording and before the views, so
        that a gain view is not undone.
    """

    sample_rate: int
    low: float
    high: float
    level_dbfs: float
    spikes_removed: bool = False

    def hears(self, sample_rate: int) -> bool:
        """Whether a sample rate (Hz) leaves anything of the band."""
        return self.low < min(sample_rate, self.sample_rate) / 2


def preprocess(samples: np.ndarray, sample_rate: int, to: Preprocessing) -> np.ndarray:
    """Band-pass, resample and level a recording.

    Parameters
    ----------
    samples
        ``(n,)`` float32.
    sample_rate
        Rate of ``samples`` (Hz).

    Returns
    -------
    numpy.ndarray
        ``(floor(n x to.sample_rate / sample_rate),)`` float32, at least one sample.

    Raises
    ------
    RecordingError
        When the recording's sample rate leaves nothing of the band.
    """
    from heartfeat.signals.filters import normalise_level, resample

    check_rate(sample_rate, to)
    # Flooring makes tokens = floor(duration x token rate) exact, for a resampler may round its length up.
    length = max(1, len(samples) * to.sample_rate // sample_rate)
    # Filtering at the lower of the two rates costs least and conditions the low edge best.
    if sample_rate <= to.sample_rate:
        samples = resample(_filter(samples, sample_rate, to), sample_rate, to.sample_rate)
    else:
        samples = _filter(resample(samples, sample_rate, to.sample_rate), to.sample_rate, to)
    if to.spikes_removed:
        from heartfeat.signals.spikes import remove_spikes

        samples = remove_spikes(samples, to.sample_rate)
    return normalise_level(samples[:length], to.sample_rate, to.level_dbfs)


def check_rate(sample_rate: int, to: Preprocessing) -> None:
    """Raise RecordingError where a sample rate (Hz) leaves nothing of the band."""
    if not to.hears(sample_rate):
        raise RecordingError(TOO_LOW, f"{sample_rate} Hz holds nothing above {to.low:g} Hz")


def _filter(samples: np.ndarray, sample_rate: int, to: Preprocessing) -> np.ndarray:
    from heartfeat.signals.filters import band_pass

    return band_pass(samples, sample_rate, to.low, to.high)
