import numpy as np
import pytest

from heartfeat.signals.synthetic_noise import breathing, coloured_noise, handling, voice

RATE = 4000


def rng():
    return np.random.default_rng(11)


def band_level(samples, low, high):
    """Mean power within a band, in dB."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    frequency = np.fft.rfftfreq(len(samples), 1 / RATE)
    return 10 * np.log10(power[(frequency >= low) & (frequency < high)].sum())


@pytest.mark.parametrize("length", [20, 1000, 40_000])
def test_noise_has_unit_level_and_the_asked_length(length):
    noise = coloured_noise(length, RATE, 100, 400, rng())
    assert noise.shape == (length,)
    assert np.sqrt(np.mean(noise**2)) == pytest.approx(1)


def test_noise_keeps_to_its_band():
    noise = coloured_noise(40_000, RATE, 100, 400, rng())
    assert band_level(noise, 100, 400) > band_level(noise, 800, 2000) + 20
    assert band_level(noise, 100, 400) > band_level(noise, 1, 50) + 20


def test_pink_noise_has_equal_power_per_octave_and_white_noise_3_db_more():
    for slope, step in ((1.0, 0.0), (0.0, 3.0)):
        noise = coloured_noise(200_000, RATE, 5, 1900, rng(), slope=slope)
        octaves = [band_level(noise, low, 2 * low) for low in (50, 100, 200, 400)]
        assert np.diff(octaves) == pytest.approx([step] * 3, abs=0.5)


def test_breathing_swells_at_its_rate():
    breath = breathing(40 * RATE, RATE, 30, rng())
    envelope = np.abs(breath).reshape(-1, RATE // 10).mean(axis=1)
    spectrum = np.abs(np.fft.rfft(envelope - envelope.mean()))
    frequency = np.fft.rfftfreq(len(envelope), 0.1)
    # One swell in and a fainter one out: the rate and twice the rate.
    swells = np.isin(np.round(frequency, 3), (0.5, 1.0))
    assert swells.sum() == 2
    assert spectrum[swells].min() > 2 * spectrum[~swells & (frequency < 2.5)].max()


def test_handling_is_mostly_quiet_with_knocks():
    knocks = handling(60 * RATE, RATE, 0.5, rng())
    assert 0.01 < (knocks != 0).mean() < 0.3
    assert np.abs(knocks).max() > 0.5
    np.testing.assert_array_equal(handling(RATE, RATE, 0.0, rng()), 0)


def test_voice_comes_in_phrases_of_harmonics():
    sound = voice(20 * RATE, RATE, rng())
    assert 0.2 < (sound == 0).mean() < 0.8
    assert band_level(sound, 200, 1400) > band_level(sound, 20, 150) + 10
