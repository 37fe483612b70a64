from itertools import pairwise

import numpy as np
import pytest

from heartfeat.signals.filters import band_pass
from heartfeat.signals.quality import quality_figures
from heartfeat.signals.segmentation import DIASTOLE, S1, S2, SYSTOLE, segment
from heartfeat.signals.synthesis import Heart, Listening, synthesise
from heartfeat.signals.synthetic_murmur import GRADE_DB, PITCHES, Murmur

RATE = 4000
HEART = Heart(rate=90, jitter=0.02, s1_pitch=50, s2_pitch=70, split=0.02)
QUIET = Listening(
    s1_db=0.0,
    s2_db=0.0,
    murmur_db=0.0,
    hiss_db=-30.0,
    breath_db=-35.0,
    knock_db=0.0,
    voice_db=-np.inf,
    knocks_per_second=0.0,
    level_dbfs=-28.0,
)
MURMUR = Murmur("systolic", "Holo", "Plateau", "III", "Medium", "Blowing")


def listen(*murmurs, listening=QUIET, heart=HEART, seconds=10.0, seed=0):
    return synthesise(heart, murmurs, listening, seconds, RATE, np.random.default_rng(seed))


def levels(samples, segments, low=20.0, high=800.0):
    """RMS per state in dB, the first and last 40 ms of a segment left out."""
    band = band_pass(samples, RATE, low, high, 4)
    middle = {state: [] for state in (S1, SYSTOLE, S2, DIASTOLE)}
    for start, end, state in segments:
        middle[state].append(band[int((start + 0.04) * RATE) : int((end - 0.04) * RATE)])
    return {state: 10 * np.log10(np.mean(np.concatenate(parts) ** 2)) for state, parts in middle.items()}


def test_length_range_and_determinism():
    samples, segments = listen(MURMUR, seconds=9.5)
    assert samples.shape == (9.5 * RATE,)
    assert samples.dtype == np.float32
    assert np.abs(samples).max() <= 1
    again, same = listen(MURMUR, seconds=9.5)
    np.testing.assert_array_equal(samples, again)
    assert segments == same
    assert not np.array_equal(samples, listen(MURMUR, seconds=9.5, seed=1)[0])


def test_states_follow_each_other_without_gaps_at_the_heart_rate():
    _, segments = listen(seconds=30.0)
    assert segments[0][0] == 0.0
    assert segments[-1][1] == 30.0
    for (_, end, state), (start, _, following) in pairwise(segments):
        assert start == end
        assert following == state % 4 + 1
    starts = np.diff([start for start, _, state in segments if state == S1][1:])
    assert 60 / starts.mean() == pytest.approx(90, rel=0.03)
    assert 0.01 < starts.std() / starts.mean() < 0.08


def test_heart_sounds_stand_above_the_pauses_and_below_800_hz():
    samples, segments = listen()
    level = levels(samples, segments)
    assert min(level[S1], level[S2]) > max(level[SYSTOLE], level[DIASTOLE]) + 10
    power = np.abs(np.fft.rfft(samples)) ** 2
    assert power[np.fft.rfftfreq(len(samples), 1 / RATE) > 800].sum() < 0.02 * power.sum()
    assert quality_figures(samples, RATE, segment(samples, RATE))["periodicity"] > 0.6


@pytest.mark.parametrize(
    ("phase", "here", "there"), [("systolic", SYSTOLE, DIASTOLE), ("diastolic", DIASTOLE, SYSTOLE)]
)
def test_a_murmur_is_heard_in_its_phase_only(phase, here, there):
    murmur = Murmur(phase, "Holo", "Plateau", "II", "Medium", "Blowing")
    with_murmur, without = (levels(*listen(*murmurs), 100, 400) for murmurs in ((murmur,), ()))
    assert with_murmur[here] - with_murmur[there] > 8
    assert abs(without[here] - without[there]) < 6


def test_higher_grades_are_louder():
    excess = []
    for grade in GRADE_DB:
        level = levels(*listen(Murmur("systolic", "Holo", "Plateau", grade, "Medium", "Blowing")), 100, 400)
        excess.append(level[SYSTOLE] - level[S1])
    assert np.diff(excess) == pytest.approx(np.diff(list(GRADE_DB.values())), abs=1.5)


@pytest.mark.parametrize("quality", ["Blowing", "Harsh", "Musical"])
def test_pitch_sets_the_band(quality):
    centres = []
    for pitch in PITCHES:
        samples, segments = listen(Murmur("systolic", "Holo", "Plateau", "III", pitch, quality))
        systole = np.concatenate(
            [
                samples[int((a + 0.04) * RATE) : int((b - 0.02) * RATE)]
                for a, b, state in segments
                if state == SYSTOLE
            ]
        )
        power = np.abs(np.fft.rfft(systole)) ** 2
        frequency = np.fft.rfftfreq(len(systole), 1 / RATE)
        heard = frequency > 50
        centres.append(float((power * frequency)[heard].sum() / power[heard].sum()))
    assert centres == sorted(centres)
    assert centres[-1] > 1.8 * centres[0]


def test_louder_noise_hides_the_heart():
    noisy = Listening(
        **{**QUIET.__dict__, "hiss_db": 0.0, "voice_db": -3.0, "knocks_per_second": 1.0, "knock_db": 10.0}
    )
    heard = [listen(listening=one)[0] for one in (QUIET, noisy)]
    clean_figures, noisy_figures = (quality_figures(one, RATE, segment(one, RATE)) for one in heard)
    assert noisy_figures["periodicity"] < clean_figures["periodicity"] - 0.3


def test_level_of_the_recording():
    for level in (-40.0, -28.0):
        samples, _ = listen(listening=Listening(**{**QUIET.__dict__, "level_dbfs": level}))
        frames = samples[: len(samples) // 100 * 100].reshape(100, -1)
        assert 10 * np.log10(np.median(frames.var(axis=1))) == pytest.approx(level, abs=0.5)
