import itertools

import numpy as np
import pytest

from heartfeat.signals.filters import resample
from heartfeat.signals.recording import read_recording
from heartfeat.signals.segmentation import S1, S2, annotated_states, cardiac_states, read_annotation, segment
from heartfeat.signals.segmentation.agreement import compare_onsets, pooled

from .heartbeats import RATE, heartbeats


def in_cyclic_order(states):
    runs = [state for state, _ in itertools.groupby(states.tolist())]
    return all(after == before % 4 + 1 for before, after in itertools.pairwise(runs))


@pytest.mark.parametrize("beats_per_minute", [50, 80, 110, 150])
@pytest.mark.parametrize("rate", [1000, 4000, 44100])
def test_clear_heartbeats_are_found(beats_per_minute, rate):
    samples, annotation = heartbeats(12, beats_per_minute)
    states = segment(resample(samples, RATE, rate), rate)

    assert states.dtype == np.uint8
    assert states.shape == (600,)
    assert in_cyclic_order(states)
    for state in (S1, S2):
        assert compare_onsets(states, annotation, state).f1 > 0.9


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(4000),
        np.ones(4000),
        np.random.default_rng(0).standard_normal(9000),
        np.sin(np.arange(20000)),
        np.eye(1, 5000, 2500)[0],
        np.zeros(1),
        np.ones(30),
        heartbeats(0.5)[0],
    ],
    ids=["silence", "offset", "noise", "tone", "click", "one sample", "half a frame", "half a second"],
)
@pytest.mark.parametrize("rate", [200, 2000])
def test_whatever_is_given_every_frame_gets_a_state(samples, rate):
    samples = samples.astype(np.float32)
    states = segment(samples, rate)

    assert states.shape == (max(1, len(samples) * 50 // rate),)
    assert np.isin(states, (1, 2, 3, 4)).all()
    assert in_cyclic_order(states)
    np.testing.assert_array_equal(segment(samples, rate), states)


def test_the_level_does_not_matter():
    samples, _ = heartbeats(8)
    np.testing.assert_array_equal(segment(samples / 64, RATE), segment(samples, RATE))


def test_annotated_states_stand_and_the_rest_is_found():
    samples, annotation = heartbeats(12)
    partly = annotation[20:40]
    known = annotated_states(partly, 12)

    states = cardiac_states(samples, RATE, partly)
    np.testing.assert_array_equal(states[known > 0], known[known > 0])
    assert (states > 0).all()
    assert in_cyclic_order(states)
    assert compare_onsets(states, annotation, S1).f1 > 0.95


def test_the_states_between_annotated_stretches_go_with_them():
    """An annotation that takes the beats half a cycle later is followed beyond its stretch."""
    samples, annotation = heartbeats(10, noise=1.0)
    turned = annotation[1:].copy()
    turned[:, 2] = (turned[:, 2] + 1) % 4 + 1
    states = cardiac_states(samples, RATE, turned[[*range(12), *range(16, len(turned))]])

    assert in_cyclic_order(states)


def test_without_annotation_all_is_found():
    samples, _ = heartbeats(6)
    for none in (None, np.empty((0, 3)), np.array([[0.0, 6.0, 0.0]])):
        np.testing.assert_array_equal(cardiac_states(samples, RATE, none), segment(samples, RATE))


def test_a_full_annotation_is_taken_as_it_is():
    annotation = np.array([[0.0, 1.0, 3.0], [1.0, 2.0, 3.0], [2.0, 9.0, 1.0]])
    assert cardiac_states(np.zeros(6000, np.float32), RATE, annotation).tolist() == [3] * 100 + [1] * 50


@pytest.mark.data
def test_it_agrees_with_the_annotations_as_published(data_folder):
    """No independent judgement, for the parameters were fitted on these, too; docs/signals.md has that."""
    found = {S1: [], S2: []}
    for path in sorted(data_folder.glob("circor-original-sample/training_data/*.wav")):
        recording = read_recording(path)
        states = segment(recording.samples, recording.sample_rate)
        for state, agreements in found.items():
            agreements.append(compare_onsets(states, read_annotation(path.with_suffix(".tsv")), state))
    assert len(found[S1]) > 20
    assert pooled(found[S1]).f1 > 0.95
    assert pooled(found[S2]).f1 > 0.95
