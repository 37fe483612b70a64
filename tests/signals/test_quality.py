import numpy as np
import pytest

from heartfeat.signals.quality import QUALITY, quality_figures
from heartfeat.signals.recording import read_recording

RATE = 2000


def noise(seconds=12, level=0.1):
    return np.random.default_rng(1).normal(0, level, seconds * RATE).astype(np.float32)


def beats(per_minute, seconds=12):
    """Short 60 Hz bursts, one per beat, on faint noise."""
    time = np.arange(seconds * RATE) / RATE
    since = time % (60 / per_minute)
    return (np.sin(2 * np.pi * 60 * since) * np.exp(-since / 0.03)).astype(np.float32) + noise(seconds, 0.01)


def test_figures_are_named_and_finite_whatever_comes():
    for samples in (noise(), np.ones(1000, np.float32), np.zeros(1000, np.float32), noise()[:RATE]):
        figures = quality_figures(samples, RATE)
        assert tuple(figures) == QUALITY
        assert all(isinstance(figure, float) and np.isfinite(figure) for figure in figures.values())


def test_clipping_is_the_share_on_flat_tops():
    assert quality_figures(noise(), RATE)["clipping"] == 0.0
    samples = noise()
    clipped = np.clip(samples, -0.1, 0.1)
    flat = np.abs(clipped) >= 0.1
    runs = flat[:-2] & flat[1:-1] & flat[2:] & (np.sign(clipped[:-2]) == np.sign(clipped[1:-1]))
    figure = quality_figures(clipped, RATE)["clipping"]
    assert runs.mean() / 4 < figure < flat.mean()
    square = np.where(np.arange(4000) % 10 < 5, 0.5, -0.5).astype(np.float32)
    assert quality_figures(square, RATE)["clipping"] == 1.0


def test_silence_is_the_share_of_dead_frames():
    samples = noise()
    samples[: len(samples) // 4] = 0
    # The mean is taken out first, so dead frames are not exactly zero.
    assert quality_figures(samples, RATE)["silence"] == pytest.approx(0.25, abs=0.01)
    assert quality_figures(noise(), RATE)["silence"] == 0.0


def test_snr_compares_the_heart_band_with_the_rest():
    time = np.arange(8 * RATE) / RATE
    inside = np.sin(2 * np.pi * 100 * time)
    outside = np.sin(2 * np.pi * 900 * time)
    for ratio in (-10, 0, 10):
        samples = (10 ** (ratio / 20) * inside + outside).astype(np.float32)
        assert quality_figures(samples, RATE)["snr_db"] == pytest.approx(ratio, abs=0.1)


@pytest.mark.parametrize("per_minute", [50, 90, 140, 200])
def test_periodicity_is_high_for_a_beat_and_low_for_noise(per_minute):
    assert quality_figures(beats(per_minute), RATE)["periodicity"] > 0.8
    assert quality_figures(noise(), RATE)["periodicity"] < 0.25


def test_periodicity_is_low_for_a_beat_that_no_heart_has():
    assert quality_figures(beats(25), RATE)["periodicity"] < 0.3


@pytest.mark.data
def test_real_hearts_are_more_periodic_than_noise(data_folder):
    paths = sorted((data_folder / "circor-original-sample" / "training_data").glob("*.wav"))
    figures = [quality_figures(read.samples, read.sample_rate) for read in map(read_recording, paths)]
    assert np.median([figure["periodicity"] for figure in figures]) > 0.25
    assert all(figure["clipping"] < 0.05 and figure["silence"] < 0.2 for figure in figures)
