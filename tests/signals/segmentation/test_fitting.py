import numpy as np
import pytest
import torch

from heartfeat.signals.segmentation import S1, S2, segment
from heartfeat.signals.segmentation.agreement import compare_onsets
from heartfeat.signals.segmentation.fitting import annotated_recording, fit_segmenter
from heartfeat.signals.segmentation.segmenter import load_segmenter, save_segmenter

from .heartbeats import RATE, heartbeats


def recordings(count, seconds):
    made = (heartbeats(seconds, 60 + 7 * number, seed=number) for number in range(count))
    return [annotated_recording(samples, RATE, annotation) for samples, annotation in made]


@pytest.fixture(scope="module")
def fitted():
    return fit_segmenter(recordings(12, 100), seed=1)


def test_a_fitted_segmenter_finds_beats_that_it_has_not_seen(fitted):
    samples, annotation = heartbeats(15, 95, seed=99)
    states = segment(samples, RATE, fitted)
    for state in (S1, S2):
        assert compare_onsets(states, annotation, state).f1 > 0.9


def test_durations_are_those_of_the_recordings(fitted):
    np.testing.assert_allclose(fitted.slope, [0.08, 0.15, 0.07, 0.7], atol=0.01)
    np.testing.assert_allclose(fitted.intercept, [3.5, 2.5, 3.25, -9.25], atol=0.1)


def test_the_same_seed_gives_the_same_segmenter_and_leaves_torchs_own_alone():
    few = recordings(3, 50)
    torch.manual_seed(7)
    first, drawn = fit_segmenter(few, seed=1), torch.rand(3)
    second, other = fit_segmenter(few, seed=1), fit_segmenter(few, seed=2)
    torch.manual_seed(7)

    assert torch.equal(drawn, torch.rand(3))
    for one, two, three in zip(first.kernels, second.kernels, other.kernels, strict=True):
        np.testing.assert_array_equal(one, two)
        assert (one != three).any()


def test_a_saved_segmenter_is_read_back(fitted, tmp_path):
    save_segmenter(fitted, tmp_path / "own.safetensors", {"seed": "1"})
    samples, _ = heartbeats(6)
    read = load_segmenter(tmp_path / "own.safetensors")
    np.testing.assert_array_equal(segment(samples, RATE, read), segment(samples, RATE, fitted))


def test_too_little_to_learn_from_is_refused():
    with pytest.raises(ValueError, match="s are annotated, too little"):
        fit_segmenter(recordings(1, 5))
    samples, annotation = heartbeats(20)
    with pytest.raises(ValueError, match="no two complete cycles"):
        fit_segmenter([annotated_recording(samples, RATE, annotation[:4])])
