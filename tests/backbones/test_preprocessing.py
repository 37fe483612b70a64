from dataclasses import replace

import numpy as np
import pytest

from heartfeat.backbones.load import describe_backbone
from heartfeat.backbones.preprocessing import Preprocessing, preprocess
from heartfeat.backbones.settings import LogMelSettings
from heartfeat.errors import RecordingError

TARGET = Preprocessing(sample_rate=2000, low=20.0, high=800.0, level_dbfs=-26.0)


def tone(frequency: float, sample_rate: int, seconds: float = 4.0) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(int(seconds * sample_rate)) / sample_rate).astype(
        np.float32
    )


@pytest.mark.parametrize("sample_rate", [1000, 2000, 4000, 44_100])
def test_the_same_sound_at_any_rate_comes_out_alike(sample_rate: int) -> None:
    middle = slice(1000, -1000)
    got = preprocess(tone(100, sample_rate), sample_rate, TARGET)[middle]
    expected = (np.sqrt(2) * 10 ** (-26 / 20) * tone(100, 2000))[middle]
    np.testing.assert_allclose(got, expected, atol=2e-3)


@pytest.mark.parametrize(("count", "sample_rate"), [(12_399, 4000), (44_137, 44_100), (999, 1000)])
def test_the_length_is_floored(count: int, sample_rate: int) -> None:
    samples = tone(100, sample_rate, 60)[:count]
    assert len(preprocess(samples, sample_rate, TARGET)) == count * 2000 // sample_rate


def test_what_lies_outside_the_band_is_gone() -> None:
    mixed = tone(100, 4000) + tone(1500, 4000) + 0.5
    spectrum = np.abs(np.fft.rfft(preprocess(mixed, 4000, TARGET)[1000:7000]))
    assert spectrum[0] < 1e-3 * spectrum.max()
    assert np.argmax(spectrum) == 100 * 3


def test_a_rate_without_the_band_is_a_reason_to_skip() -> None:
    with pytest.raises(RecordingError, match="sample rate too low: 200 Hz holds nothing above 150 Hz"):
        preprocess(tone(50, 200), 200, Preprocessing(2000, 150.0, 800.0, -26.0))


def test_spikes_are_removed_where_that_is_asked_for_and_it_is_in_the_key() -> None:
    samples = 0.1 * tone(100, 2000)
    samples[4000:4010] = 1.0
    kept, removed = (preprocess(samples, 2000, to) for to in (TARGET, replace(TARGET, spikes_removed=True)))
    assert np.abs(kept).max() > 3 * np.abs(removed).max()
    plain, spikeless = (describe_backbone(LogMelSettings(remove_spikes=wanted)) for wanted in (False, True))
    assert spikeless.core() != plain.core()
