import numpy as np
import pytest
import torch

from heartfeat.heads.feature_spec import feature_specs
from heartfeat.heads.mamba.crop_sources import CycleImages, RecordingStatistics, TimeTokens


@pytest.fixture
def beats(beats_examples):
    examples = beats_examples(4, views=("clean", "gain-6"))
    return examples.features["beats"], feature_specs(examples)[0]


def test_a_beat_is_one_token_per_phase_with_the_statistics_of_a_band_side_by_side(beats):
    arrays, spec = beats
    crops = CycleImages(arrays, spec).cut(np.array([1, 0]), np.array([0, 1]))
    assert crops.shape == (2, 8, 6 * 4)
    assert crops.dtype == torch.float32
    images = arrays.pooled.reshape(2, -1, 4, 8, 6)
    for crop, (view, recording) in zip(crops, [(0, 1), (1, 0)], strict=True):
        for statistic in range(4):
            np.testing.assert_array_equal(crop[:, statistic::4], images[view, recording, statistic])


def test_scales_are_learned_from_every_phase_of_every_clean_recording(beats):
    arrays, spec = beats
    source = CycleImages(arrays, spec)
    recordings = np.arange(arrays.pooled.shape[1])
    crops = source.cut(recordings, np.zeros(len(recordings), int))
    assert torch.equal(source.clean_tokens(), crops.flatten(0, 1))


def test_tokens_in_time_start_where_they_are_asked_to(token_examples):
    examples = token_examples(3, {"speech": (2, 10.0)})
    arrays, spec = examples.features["speech"], feature_specs(examples)[0]
    crop = TimeTokens(arrays, spec).cut(np.array([1]), np.array([0.5]), np.array([0]), 1.0)[0]
    first = arrays.spans[1, 0] + 5
    np.testing.assert_array_equal(crop, arrays.tokens[0, first : first + 10].astype(np.float32))


@pytest.mark.filterwarnings("error")
def test_tokens_that_may_not_be_written_to_are_cut_like_others(token_examples):
    examples = token_examples(3, {"speech": (2, 10.0)})
    arrays, spec = examples.features["speech"], feature_specs(examples)[0]
    arrays.tokens.flags.writeable = False
    source = TimeTokens(arrays, spec)
    np.testing.assert_array_equal(source.clean_tokens(), arrays.tokens[0])
    assert source.cut(np.array([1]), np.array([0.0]), np.array([0]), 1.0).shape == (1, 10, 2)


def test_the_wrong_kind_of_set_is_refused(beats, token_examples):
    with pytest.raises(ValueError, match="'beats' was loaded without tokens"):
        TimeTokens(*beats)
    examples = token_examples(3)
    with pytest.raises(ValueError, match="'logmel' is not one of heart beats"):
        CycleImages(examples.features["logmel"], feature_specs(examples)[0])


def test_statistics_are_those_of_the_whole_recording_under_its_view(token_examples):
    arrays = token_examples(3, {"speech": (2, 10.0)}, views=("clean", "gain-6")).features["speech"]
    rows = RecordingStatistics(arrays).cut(np.array([2, 0]), np.array([0, 1]))
    np.testing.assert_array_equal(rows, np.stack([arrays.pooled[0, 2], arrays.pooled[1, 0]]))
