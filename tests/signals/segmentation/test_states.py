import numpy as np
import pytest

from heartfeat.signals.segmentation.states import S1, S2, frame_count, intervals, onsets


@pytest.mark.parametrize(("samples", "rate"), [(4600, 2000), (4599, 2000), (101430, 44100), (57, 4000)])
def test_frames_are_whole_fiftieths_of_a_second(samples, rate):
    assert frame_count(samples / rate) == max(1, samples * 50 // rate)


def test_onsets_are_where_a_state_begins():
    states = np.array([1, 1, 2, 3, 4, 1, 2, 2, 3, 0, 1], np.uint8)
    assert onsets(states, S1).tolist() == [0.1, 0.2]
    assert onsets(states, S2).tolist() == [0.06, 0.16]
    assert onsets(states[:1], S1).tolist() == []


def test_intervals_are_runs_of_one_state():
    states = np.array([4, 4, 1, 2, 2], np.uint8)
    assert intervals(states).tolist() == [[0, 0.04, 4], [0.04, 0.06, 1], [0.06, 0.1, 2]]
    assert intervals(states[:1]).tolist() == [[0, 0.02, 4]]
