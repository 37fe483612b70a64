import numpy as np
import torch

from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.mamba.augment import augment, mask_spans, shift_level

BANDS, TOKENS, BEATS = (
    FeatureSpec("set", 20, rate, spectrogram, "key", cycle=cycle)
    for rate, spectrogram, cycle in ((50.0, True, None), (50.0, False, None), (None, False, (100, 20)))
)
CROPS = torch.full((40, 100, 20), 2.0)


def test_level_shift_is_one_constant_per_crop():
    shifted = shift_level(CROPS, np.random.default_rng(0)) - CROPS
    assert torch.allclose(shifted, shifted[:, :1, :1].expand_as(shifted), atol=1e-6)
    assert shifted[:, 0, 0].unique().numel() == len(CROPS)


def test_time_masks_blank_all_bands_of_at_most_two_spans():
    masked = mask_spans(CROPS, 1, 0.1, np.random.default_rng(0)) == 0
    assert (masked.all(2) == masked.any(2)).all()
    hidden = masked.all(2)
    assert 0 < hidden.sum(1).max() <= 2 * 11
    edges = hidden.int().diff(dim=1).clamp(min=0).sum(1) + hidden[:, 0]
    assert edges.max() <= 2


def test_band_masks_blank_whole_bands():
    masked = mask_spans(CROPS, 2, 0.2, np.random.default_rng(0)) == 0
    assert (masked.all(1) == masked.any(1)).all()
    assert masked.any()


def test_features_without_bands_keep_their_level_and_dimensions():
    changed = augment(CROPS, TOKENS, np.random.default_rng(0))
    assert set(changed.unique().tolist()) == {0.0, 2.0}
    assert ((changed == 0).all(2) == (changed == 0).any(2)).all()


def test_the_same_generator_gives_the_same_crops():
    first, second = (augment(CROPS, BANDS, np.random.default_rng(5)) for _ in range(2))
    assert torch.equal(first, second)


def test_no_phase_of_a_heart_cycle_is_hidden():
    changed = augment(CROPS, BEATS, np.random.default_rng(0))
    bands = (changed == 0).all(1)
    assert bands.any()
    assert ((changed == 0) == bands[:, None]).all()
