import numpy as np
import pytest

from heartfeat.backbones.beat_windows import cut_beat_windows, phase_times, plain_beats, whole_beats

PHASES = (1, 2, 1, 4)


def states_of(*runs: tuple[int, int]) -> np.ndarray:
    """States at 50 Hz from (state, frames)."""
    return np.concatenate([np.full(frames, state, np.uint8) for state, frames in runs])


BEAT = ((1, 5), (2, 10), (3, 5), (4, 20))


def test_a_beat_lasts_from_one_s1_to_the_next():
    found = whole_beats(states_of((4, 10), *BEAT, *BEAT, (1, 1)))
    np.testing.assert_allclose(found, [[0.2, 0.3, 0.5, 0.6, 1.0], [1.0, 1.1, 1.3, 1.4, 1.8]])


def test_beats_cut_off_at_the_ends_are_left_out():
    np.testing.assert_allclose(whole_beats(states_of(*BEAT, *BEAT, *BEAT))[:, 0], [0.8])


@pytest.mark.parametrize(
    "states", [np.empty(0, np.uint8), states_of((4, 9)), states_of((4, 9), *BEAT), states_of(*BEAT)]
)
def test_where_no_cycle_is_whole_there_is_none(states):
    assert whole_beats(states).shape == (0, 5)


def test_a_cycle_that_lacks_a_state_is_left_out():
    states = states_of((4, 10), (1, 5), (2, 10), (4, 20), *BEAT, (1, 3))
    assert len(whole_beats(states)) == 1


def test_phases_lie_evenly_over_each_state_at_any_heart_rate():
    slow = np.array([[0.0, 0.2, 0.6, 0.8, 1.6]])
    expected = [0.1, 0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5]
    np.testing.assert_allclose(phase_times(slow, PHASES), [expected])
    np.testing.assert_allclose(phase_times(3 + slow / 2, PHASES), [3 + np.array(expected) / 2])


def test_plain_cycles_have_phases_evenly_spread():
    times = phase_times(plain_beats(2.5, PHASES), PHASES)
    np.testing.assert_allclose(times.ravel(), 0.05 + 0.1 * np.arange(24))


@pytest.mark.parametrize(
    ("seconds", "beats"), [(0.001, 1), (0.79, 1), (0.8, 1), (1.59, 1), (1.6, 2), (2.4, 3)]
)
def test_plain_cycles_stay_within_the_recording(seconds, beats):
    found = plain_beats(seconds, PHASES)
    assert len(found) == beats
    assert found[-1, -1] <= seconds + 1e-9


def test_frames_are_centred_at_the_phases():
    samples = np.arange(4000, dtype=np.float32)
    states = states_of((4, 10), *BEAT, (1, 10))
    windows = cut_beat_windows(samples, states, 1000, PHASES, frame=20)
    centres = phase_times(whole_beats(states), PHASES) * 1000
    frames = windows.reshape(1, 8, 20)
    np.testing.assert_allclose(frames.mean(-1), centres - 0.5, atol=0.51)
    np.testing.assert_array_equal(np.diff(frames, axis=-1), 1)


def test_one_sample_makes_one_token():
    windows = cut_beat_windows(np.ones(1, np.float32), states_of((4, 1)), 2000, PHASES, frame=100)
    np.testing.assert_array_equal(windows, np.ones((1, 800)))
