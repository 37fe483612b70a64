import numpy as np
import pytest
import torch

from heartfeat.heads.examples import Examples, FeatureArrays
from heartfeat.heads.feature_spec import feature_specs
from heartfeat.heads.mamba.crops import CropCutter

SETS = {"logmel": (3, 50.0), "speech": (2, 10.0)}


def counting(examples: Examples) -> Examples:
    """The same examples with the time (s) of each token in every dimension, plus 100 per view."""
    for arrays in examples.features.values():
        for first, last in arrays.spans:
            times = np.arange(last - first)[:, None] / (arrays.attrs["token_rate"] or 1.0)
            for view in range(len(examples.views) if arrays.tokens is not None else 0):
                arrays.tokens[view, first:last] = times + 100 * view
    return examples


def cutter(examples, seconds=1.0):
    return CropCutter(examples, feature_specs(examples), seconds)


def test_all_feature_sets_are_cut_at_the_same_time(token_examples):
    cuts = cutter(counting(token_examples(4, SETS)))
    crops = cuts.cut(np.array([1, 2]), np.array([0.5, 0.2]), np.zeros(2, int))
    assert crops["logmel"].shape == (2, 50, 3)
    assert crops["speech"].shape == (2, 10, 2)
    for name in SETS:
        np.testing.assert_allclose(crops[name][:, 0, 0], [0.5, 0.2], atol=2e-3)


def test_the_view_is_picked_per_crop(token_examples):
    cuts = cutter(counting(token_examples(4, views=("clean", "gain-6"))))
    crops = cuts.cut(np.array([0, 0]), np.array([0.0, 0.0]), np.array([0, 1]))["logmel"]
    assert crops[0, 0, 0] == 0
    assert crops[1, 0, 0] == 100


def test_a_short_recording_is_repeated(token_examples):
    cuts = cutter(counting(token_examples(4)), seconds=20.0)
    crop = cuts.cut(np.array([0]), np.array([0.0]), np.array([0]))["logmel"][0, :, 0]
    length = round(cuts.durations[0] * 50)
    assert len(crop) == 1000
    torch.testing.assert_close(crop[length : 2 * length], crop[:length])


def test_random_crops_stay_inside_the_recording(token_examples):
    cuts = cutter(counting(token_examples(6)), seconds=1.5)
    recordings = np.tile(np.arange(len(cuts.durations)), 50)
    starts = cuts.random_starts(recordings, np.random.default_rng(0))
    assert (starts >= 0).all()
    assert (starts + 1.5 <= cuts.durations[recordings] + 1e-9).all()
    assert starts.max() > 0


def test_the_grid_covers_every_recording_from_start_to_end(token_examples):
    cuts = cutter(token_examples(8), seconds=1.5)
    recordings, starts = cuts.grid()
    assert sorted(set(recordings)) == list(range(len(cuts.durations)))
    for recording, duration in enumerate(cuts.durations):
        mine = starts[recordings == recording]
        assert mine[0] == 0
        assert (np.diff(mine) <= 1.5 + 1e-6).all()
        assert mine[-1] + 1.5 == pytest.approx(max(duration, 1.5))


def test_pooled_features_alone_are_refused(token_examples):
    examples = token_examples(3)
    arrays = examples.features["logmel"]
    examples.features["logmel"] = FeatureArrays(None, arrays.spans, arrays.pooled, arrays.attrs)
    with pytest.raises(ValueError, match="tokens=True"):
        cutter(examples)


def test_of_heart_beats_alone_one_crop_stands_for_a_recording(beats_examples):
    examples = beats_examples(4)
    cuts = cutter(examples, seconds=1.5)
    recordings, starts = cuts.grid()
    assert recordings.tolist() == list(range(len(examples.patient_of)))
    assert not starts.any()
    assert not cuts.random_starts(recordings, np.random.default_rng(0)).any()


def test_beside_other_tokens_the_beats_of_a_recording_are_the_same_at_any_start(beats_examples):
    examples = beats_examples(4, {"logmel": (3, 50.0)})
    cuts, alone = cutter(counting(examples)), cutter(beats_examples(4))
    recordings, starts = cuts.grid()
    assert (np.bincount(recordings) > 1).all()
    crops = cuts.cut(recordings, starts, np.zeros(len(starts), int))
    np.testing.assert_allclose(crops["logmel"][:, 0, 0], starts, atol=2e-2)
    every = np.arange(len(examples.patient_of))
    images = alone.cut(every, np.zeros(len(every)), np.zeros(len(every), int))["beats"]
    assert torch.equal(crops["beats"], images[recordings])
