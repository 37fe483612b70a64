import itertools

import numpy as np
import pytest
from scipy import signal

from heartfeat.signals.segmentation.envelopes import BAND_EDGES, BANDS, log_envelopes

RATE = 1000


def test_envelopes_are_standardised_log_energies_of_a_spectrogram():
    """Against scipy's own spectrogram of the same windows."""
    samples = np.random.default_rng(0).standard_normal(4 * RATE).astype(np.float32)
    samples *= 1 + 0.8 * np.sin(2 * np.pi * np.arange(4 * RATE) / RATE)
    # The middle of a frame, 10 ms after its start, is the middle of a window of 64 ms.
    frequency, _, power = signal.spectrogram(
        np.pad(samples, (22, 64), mode="reflect"),
        RATE,
        window=np.hanning(64),
        nperseg=64,
        noverlap=44,
        detrend=False,
    )
    bands = [(frequency >= low) & (frequency < high) for low, high in itertools.pairwise(BAND_EDGES)]
    energy = np.array([power[band].sum(axis=0) for band in bands]).T[:200]
    logs = np.log(energy + 1e-5 * energy.mean(axis=0).max())
    expected = (logs - logs.mean(axis=0)) / logs.std(axis=0)

    found = log_envelopes(samples, RATE)
    assert found.shape == (200, BANDS)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_the_level_does_not_matter():
    samples = np.random.default_rng(1).standard_normal(2 * RATE).astype(np.float32)
    np.testing.assert_allclose(log_envelopes(1e-3 * samples, RATE), log_envelopes(samples, RATE), atol=1e-3)


def test_bands_that_a_low_sample_rate_cannot_hold_are_quiet():
    samples = np.random.default_rng(2).standard_normal(2000).astype(np.float32)
    envelopes = log_envelopes(samples, 200)
    above = np.array(BAND_EDGES[1:]) > 100
    assert 3 < above.sum() < BANDS - 3
    assert not envelopes[:, above].any()
    np.testing.assert_allclose(envelopes[:, ~above].std(axis=0), 1, rtol=1e-4)


@pytest.mark.parametrize("samples", [np.zeros(3000), np.ones(3000), np.zeros(1), np.ones(57)])
def test_silence_and_very_short_signals_are_finite(samples):
    envelopes = log_envelopes(samples.astype(np.float32), 2000)
    assert envelopes.dtype == np.float32
    assert np.isfinite(envelopes).all()
