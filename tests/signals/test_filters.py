import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from heartfeat.signals.filters import band_pass, band_stop, normalise_level, resample

RATE = 2000
LEVEL = -26.0


def tone(frequency, seconds=4.0, rate=RATE):
    return np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate).astype(np.float32)


def middle_rms(samples):
    quarter = len(samples) // 4
    return float(np.sqrt(np.mean(samples[quarter:-quarter].astype(float) ** 2)))


def butterworth_power(frequency, low, high, order, rate=RATE):
    """Squared magnitude of a digital Butterworth band-pass, from the bilinear transform's own formula."""
    warp = np.tan(np.pi * np.array([frequency, low, high]) / rate)
    x = (warp[0] ** 2 - warp[1] * warp[2]) / (warp[0] * (warp[2] - warp[1]))
    return 1 / (1 + x ** (2 * order))


@pytest.mark.parametrize("order", [1, 2, 4])
@pytest.mark.parametrize("frequency", [10, 25, 40, 100, 400, 600, 900])
def test_band_pass_scales_a_tone_by_the_squared_butterworth_magnitude(frequency, order):
    filtered = band_pass(tone(frequency), RATE, 25, 400, order)
    expected = butterworth_power(frequency, 25, 400, order)
    assert middle_rms(filtered) / middle_rms(tone(frequency)) == pytest.approx(expected, rel=5e-3, abs=2e-5)


@pytest.mark.parametrize("frequency", [40, 200, 700])
def test_band_pass_has_zero_phase(frequency):
    samples = tone(frequency)
    filtered = band_pass(samples, RATE, 20, 800)
    inner = slice(RATE, -RATE)
    gain = middle_rms(filtered) / middle_rms(samples)
    np.testing.assert_allclose(filtered[inner], gain * samples[inner], atol=2e-3)


def test_band_pass_leaves_out_an_edge_beyond_the_nyquist_frequency():
    assert middle_rms(band_pass(tone(900), RATE, 20, 1500)) == pytest.approx(middle_rms(tone(900)), rel=1e-3)
    assert middle_rms(band_pass(tone(2), RATE, 0, 800)) == pytest.approx(middle_rms(tone(2)), rel=1e-2)


@pytest.mark.parametrize(("low", "high"), [(400, 25), (1000, 2000), (-5, 0)])
def test_band_pass_refuses_a_band_without_content(low, high):
    with pytest.raises(ValueError, match="no band lies between"):
        band_pass(tone(100), RATE, low, high)


@pytest.mark.parametrize("length", [1, 2, 5, 50])
def test_filters_take_very_short_signals(length):
    samples = np.ones(length, np.float32)
    for filtered in (band_pass(samples, RATE, 20, 800), band_stop(samples, RATE, 100, 150)):
        assert filtered.shape == (length,)
        assert filtered.dtype == np.float32
        assert np.isfinite(filtered).all()


def test_band_stop_removes_the_middle_of_its_band_only():
    assert middle_rms(band_stop(tone(150), RATE, 100, 200)) < 1e-3
    for frequency in (40, 400):
        kept = middle_rms(band_stop(tone(frequency), RATE, 100, 200))
        assert kept == pytest.approx(middle_rms(tone(frequency)), rel=1e-2)


@pytest.mark.parametrize("frequency", [20, 80, 100, 110, 190, 250, 700])
def test_band_stop_scales_a_tone_by_the_squared_butterworth_magnitude(frequency):
    """The band-stop's squared magnitude is what the band-pass between the same edges leaves of 1."""
    filtered = band_stop(tone(frequency), RATE, 100, 200)
    inverse = butterworth_power(frequency, 100, 200, 1) ** -1 - 1
    expected = 1 / (1 + inverse**-4)
    assert middle_rms(filtered) / middle_rms(tone(frequency)) == pytest.approx(expected, rel=5e-3, abs=2e-5)


@pytest.mark.parametrize(("low", "high"), [(25, 400), (20, 800)])
def test_band_pass_equals_the_transfer_function_run_both_ways(low, high):
    """The same filter as numerator and denominator, not as sections, and padded by hand."""
    samples = np.random.default_rng(0).standard_normal(4 * RATE).astype(np.float32)
    numerator, denominator = signal.butter(2, [low, high], btype="bandpass", fs=RATE)
    padded = np.pad(samples.astype(np.float64), 2 * RATE, mode="reflect", reflect_type="odd")
    forward = signal.lfilter(numerator, denominator, padded)
    both = signal.lfilter(numerator, denominator, forward[::-1])[::-1]
    np.testing.assert_allclose(
        band_pass(samples, RATE, low, high)[RATE:-RATE], both[3 * RATE : -3 * RATE], atol=1e-5
    )


@pytest.mark.parametrize(("from_rate", "to_rate"), [(4000, 2000), (1000, 2000), (2000, 16000)])
def test_resample_agrees_with_a_polyphase_filter_inside_the_band(from_rate, to_rate):
    lower = min(from_rate, to_rate)
    noise = np.random.default_rng(0).standard_normal(8 * from_rate)
    samples = band_pass(noise.astype(np.float32), from_rate, 0.02 * lower, 0.3 * lower, order=4)
    expected = signal.resample_poly(
        samples.astype(np.float64), to_rate // lower, from_rate // lower, window=("kaiser", 9.0)
    )
    inner = slice(to_rate, -to_rate)
    np.testing.assert_allclose(resample(samples, from_rate, to_rate)[inner], expected[inner], atol=1e-2)


@pytest.mark.parametrize("from_rate", [1000, 4000, 44100])
def test_resample_keeps_a_tone(from_rate):
    resampled = resample(tone(100, rate=from_rate), from_rate, RATE)
    assert len(resampled) == pytest.approx(4 * RATE, abs=1)
    inner = slice(RATE, 3 * RATE)
    np.testing.assert_allclose(resampled[inner], tone(100)[inner], atol=1e-3)


def test_resample_removes_what_the_new_rate_cannot_hold():
    assert middle_rms(resample(tone(1500, rate=4000), 4000, RATE)) < 1e-4


def test_resample_to_the_same_rate_changes_nothing():
    np.testing.assert_array_equal(resample(tone(100), RATE, RATE), tone(100))


@settings(max_examples=30, deadline=None)
@given(gain=st.floats(1e-4, 1e4), seed=st.integers(0, 99))
def test_normalised_level_does_not_depend_on_the_gain(gain, seed):
    samples = np.random.default_rng(seed).normal(0, 0.01, 4 * RATE).astype(np.float32)
    levelled = normalise_level(samples, RATE, LEVEL)
    assert 20 * np.log10(middle_rms(levelled)) == pytest.approx(LEVEL, abs=0.5)
    np.testing.assert_allclose(
        normalise_level(samples * np.float32(gain), RATE, LEVEL), levelled, rtol=1e-3, atol=1e-6
    )


def test_the_level_is_the_median_over_seconds():
    loudness = [0.01, 0.3, 0.02, 0.05, 0.04]
    samples = np.concatenate([gain * tone(100, 1.0) for gain in loudness])
    # The median second has a sine of amplitude 0.04, whose RMS is 0.04 / sqrt(2).
    expected = samples * 10 ** (-30 / 20) / (0.04 / np.sqrt(2))
    np.testing.assert_allclose(normalise_level(samples, RATE, -30.0), expected, rtol=1e-5, atol=1e-7)


def test_a_spike_does_not_set_the_level():
    samples = np.random.default_rng(0).normal(0, 0.01, 8 * RATE).astype(np.float32)
    spiked = samples.copy()
    spiked[3000] = 1.0
    np.testing.assert_allclose(
        np.delete(normalise_level(spiked, RATE, LEVEL), 3000),
        np.delete(normalise_level(samples, RATE, LEVEL), 3000),
        rtol=0.02,
    )


def test_level_of_silence_of_mostly_silence_and_of_a_short_signal():
    np.testing.assert_array_equal(normalise_level(np.zeros(RATE, np.float32), RATE, LEVEL), 0)
    mostly = np.concatenate([np.zeros(3 * RATE, np.float32), tone(100, 1.0)])
    assert np.sqrt(np.mean(normalise_level(mostly, RATE, LEVEL)[3 * RATE :] ** 2)) == pytest.approx(
        10 ** (LEVEL / 20), rel=1e-3
    )
    assert np.sqrt(np.mean(normalise_level(tone(100, 0.25), RATE, LEVEL) ** 2)) == pytest.approx(
        10 ** (LEVEL / 20), rel=1e-3
    )
