import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heartfeat.signals.filters import band_pass
from heartfeat.signals.recording import read_recording
from heartfeat.signals.spikes import remove_spikes

RATE = 2000


def as_published(samples, sample_rate):
    """The procedure of Schmidt et al. 2010, step by step and sample by sample."""
    signal = samples.astype(np.float64)
    length = round(0.5 * sample_rate)
    while True:
        windows = [signal[start : start + length] for start in range(0, len(signal), length)]
        maxima = [np.abs(window).max() for window in windows]
        if not max(maxima) > 3 * np.median([value for value in maxima if value > 0] or [0]):
            return signal.astype(np.float32)
        peak = int(np.abs(signal).argmax())
        begin = end = peak
        while begin > 0 and np.sign(signal[begin - 1]) == np.sign(signal[peak]):
            begin -= 1
        while end < len(signal) and np.sign(signal[end]) == np.sign(signal[peak]):
            end += 1
        signal[begin:end] = 0


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    length=st.integers(1, 400),
    rate=st.sampled_from([2.0, 7.0, 20.0, 64.0]),
    power=st.sampled_from([1, 3, 7]),
    silent=st.booleans(),
)
def test_it_does_what_the_paper_says(seed, length, rate, power, silent):
    """Odd powers of noise are full of spikes; rounding makes equal samples, zeros and ties."""
    rng = np.random.default_rng(seed)
    samples = (np.round(rng.standard_normal(length), 1) ** power).astype(np.float32)
    if silent:
        samples[length // 4 :] = 0

    np.testing.assert_array_equal(remove_spikes(samples, rate), as_published(samples, rate))


@pytest.mark.data
@pytest.mark.parametrize("name", ["13918_AV", "2530_MV", "50782_MV_1", "85343_TV"])
def test_it_does_what_the_paper_says_on_recordings(data_folder, name):
    recording = read_recording(data_folder / f"circor/training_data/{name}.flac")
    samples = band_pass(recording.samples, recording.sample_rate, 25, 400)
    spiked = samples.copy()
    spiked[len(spiked) // 3] = 30 * np.abs(samples).max()
    for given_samples in (samples, spiked):
        cleaned = remove_spikes(given_samples, recording.sample_rate)
        np.testing.assert_array_equal(cleaned, as_published(given_samples, recording.sample_rate))
    assert np.abs(cleaned).max() < np.abs(spiked).max()


def test_a_knock_is_blanked_between_its_zero_crossings_and_nothing_else():
    beat = np.sin(2 * np.pi * 50 * np.arange(8 * RATE) / RATE + 0.1).astype(np.float32)
    knocked = beat.copy()
    knocked[3010:3030] *= 10
    changed = np.flatnonzero(remove_spikes(knocked, RATE) != knocked)

    assert changed.min() > 3010 - 20
    assert changed.max() < 3030 + 20
    np.testing.assert_array_equal(remove_spikes(beat, RATE), beat)


def test_sounds_between_long_silences_are_not_spikes():
    samples = np.zeros(10 * RATE, np.float32)
    samples[: 2 * RATE] = np.random.default_rng(0).uniform(-1, 1, 2 * RATE)
    np.testing.assert_array_equal(remove_spikes(samples, RATE), samples)


@pytest.mark.parametrize("length", [0, 1, 3])
def test_silence_and_very_short_signals_stay(length):
    for samples in (np.zeros(length, np.float32), np.ones(length, np.float32)):
        cleaned = remove_spikes(samples, RATE)
        assert cleaned.dtype == np.float32
        np.testing.assert_array_equal(cleaned, samples)


def test_the_input_stays_as_it_was():
    samples = np.ones(4 * RATE, np.float32)
    samples[100] = 50
    before = samples.copy()
    assert (remove_spikes(samples, RATE) != before).any()
    np.testing.assert_array_equal(samples, before)
