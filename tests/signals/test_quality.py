import numpy as np
import pytest

from heartfeat.signals import quality
from heartfeat.signals.quality import CONTRASTS, QUALITY
from heartfeat.signals.recording import read_recording
from heartfeat.signals.segmentation import DIASTOLE, S1, S2, SYSTOLE, segment

RATE = 2000


def quality_figures(samples, rate):
    return quality.quality_figures(samples, rate, segment(samples, rate))


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


def cycles(s1_db, s2_db, frequency=300):
    """Twelve beats of 0.8 s: a tone whose level in S1 and S2 stands out, and their states."""
    states = np.tile(np.repeat([S1, SYSTOLE, S2, DIASTOLE], [6, 10, 5, 19]), 12).astype(np.uint8)
    level = np.select([states == S1, states == S2], [s1_db, s2_db], 0.0)
    time = np.arange(len(states) * RATE // 50) / RATE
    loud = np.repeat(10 ** (level / 20), RATE // 50)
    return (0.01 * loud * np.sin(2 * np.pi * frequency * time)).astype(np.float32), states


def test_contrasts_are_how_far_each_sound_stands_out_of_the_pause_behind_it():
    figures = quality.quality_figures(*_with_rate(cycles(12, 6)))
    # Frames at the edges of a sound hear both.
    assert [figures[name] for name in CONTRASTS] == pytest.approx([12, 6], abs=1.0)


def test_contrasts_know_nothing_of_sounds_below_their_band():
    loud, states = cycles(20, 20, frequency=40)
    figures = quality.quality_figures(loud + cycles(0, 0)[0], RATE, states)
    assert [figures[name] for name in CONTRASTS] == pytest.approx([0, 0], abs=1.5)


def test_contrasts_do_not_depend_on_the_level():
    samples, states = cycles(9, 3)
    one, louder = (quality.quality_figures(gain * samples, RATE, states) for gain in (1, 50))
    assert [one[name] for name in CONTRASTS] == pytest.approx([louder[name] for name in CONTRASTS], abs=1e-3)


def test_rates_that_no_frame_divides_are_measured_to_the_last_sample():
    """861 Hz x 10 s: the last edge of the frames comes out one behind the end."""
    assert np.isfinite(list(quality_figures(noise()[:8610], 861).values())).all()


@pytest.mark.parametrize("missing", [(S1, S2), (SYSTOLE, DIASTOLE)])
def test_a_contrast_of_what_is_not_there_is_zero(missing):
    samples, states = cycles(12, 6)
    states[np.isin(states, missing)] = 0
    assert [quality.quality_figures(samples, RATE, states)[name] for name in CONTRASTS] == [0.0, 0.0]


def test_a_recording_without_their_band_has_no_contrasts():
    figures = quality_figures(noise()[:2000], 250)
    assert [figures[name] for name in CONTRASTS] == [0.0, 0.0]


def _with_rate(cycles_and_states):
    samples, states = cycles_and_states
    return samples, RATE, states


@pytest.mark.data
def test_real_hearts_are_more_periodic_than_noise(data_folder):
    paths = sorted((data_folder / "circor-original-sample" / "training_data").glob("*.wav"))
    figures = [quality_figures(read.samples, read.sample_rate) for read in map(read_recording, paths)]
    assert np.median([figure["periodicity"] for figure in figures]) > 0.25
    assert all(figure["clipping"] < 0.05 and figure["silence"] < 0.2 for figure in figures)
