import numpy as np
import pytest
import torch

from heartfeat.pretraining.settings import CropSettings
from heartfeat.pretraining.variation import Variation

RATE, COUNT, SAMPLES = 2000, 400, 2000
NOTHING = {"gain": 0.0, "tilt": 0.0, "noise": 0.0}


def varied(crops, others=None, **settings):
    variation = Variation(CropSettings(**{**NOTHING, **settings}), RATE)
    others = np.zeros_like(crops) if others is None else others
    return variation(torch.from_numpy(crops), torch.from_numpy(others), np.random.default_rng(0)).numpy()


def tones(frequency):
    time = np.arange(SAMPLES) / RATE
    return np.tile(np.sin(2 * np.pi * frequency * time), (COUNT, 1)).astype(np.float32)


def level(crops):
    return 10 * np.log10(np.square(crops.astype(np.float64)).mean(axis=1))


def test_nothing_is_changed_where_nothing_is_asked_for():
    np.testing.assert_allclose(varied(tones(100)), tones(100), atol=1e-5)


def test_levels_change_by_the_standard_deviation_asked_for():
    change = level(varied(tones(100), gain=5.0)) - level(tones(100))
    assert change.std() == pytest.approx(5.0, rel=0.1)
    assert abs(change.mean()) < 0.8


def test_a_tilt_turns_about_the_middle_of_the_band():
    change = {f: level(varied(tones(f), tilt=6.0)) - level(tones(f)) for f in (25, 50, 200, 800)}
    assert change[800].std() == pytest.approx(6.0, rel=0.1)
    np.testing.assert_allclose(change[25], -change[800], atol=1e-3)
    octaves = np.log2(np.array([50, 200]) / np.sqrt(25 * 800)) / 2.5
    np.testing.assert_allclose(change[50], octaves[0] * change[800], atol=1e-3)
    np.testing.assert_allclose(change[200], octaves[1] * change[800], atol=1e-3)


def test_noise_comes_at_the_level_and_as_often_as_asked_for():
    others = np.random.default_rng(1).standard_normal((COUNT, SAMPLES)).astype(np.float32) * 7
    noise = varied(tones(100), others, noise=0.25, noise_db=(-10.0, 2.0)) - tones(100)
    there = np.square(noise).mean(axis=1) > 1e-8
    assert there.mean() == pytest.approx(0.25, abs=0.06)
    ratio = level(noise[there]) - level(tones(100))[there]
    assert ratio.mean() == pytest.approx(-10.0, abs=0.7)
    assert ratio.std() == pytest.approx(2.0, rel=0.25)


def test_noise_is_white_or_another_recording_half_of_the_time_each():
    noise = varied(tones(100), tones(300), noise=1.0, noise_db=(0.0, 0.0)) - tones(100)
    spectrum = np.abs(np.fft.rfft(noise)) ** 2
    of_another = spectrum[:, 300] / spectrum.sum(axis=1) > 0.9
    assert of_another.mean() == pytest.approx(0.5, abs=0.08)


def test_silence_stays_silent_and_finite():
    silent = np.zeros((COUNT, SAMPLES), np.float32)
    assert np.abs(varied(silent, silent, noise=1.0, gain=5.0, tilt=5.0)).max() == 0
