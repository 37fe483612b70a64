import numpy as np
import pytest
import torch

from heartfeat.pretraining.encoders import crop_grid, new_config, new_encoder, preprocessing_of
from heartfeat.pretraining.settings import CnnMambaEncoderSettings, PcgEncoderSettings

from .tiny import ENCODERS, make_encoder, make_sounds


@pytest.mark.parametrize("name", ENCODERS)
def test_an_encoder_has_the_sizes_asked_for_and_the_seed_s_weights(name):
    encoder = make_encoder(name)
    sizes = ENCODERS[name].model_dump(exclude={"architecture"})
    assert {key: getattr(encoder.config, key) for key in sizes} == sizes
    again = make_encoder(name).state_dict()
    assert all(torch.equal(p, again[key]) for key, p in encoder.state_dict().items())


def test_log_mel_is_normalised_over_the_recordings():
    sounds = make_sounds(10, 2)
    encoder = new_encoder(new_config(ENCODERS["pcg"]), sounds)
    whole = [encoder.patches(torch.from_numpy(sounds.of(r).astype(np.float32))[None]) for r in range(20)]
    patches = torch.cat([one[0] for one in whole])
    assert patches.mean().item() == pytest.approx(0, abs=0.05)
    assert patches.std().item() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("name", ENCODERS)
def test_crops_hold_as_many_tokens_as_the_encoder_makes_of_them(name):
    grid = crop_grid(new_config(ENCODERS[name]), 0.8)
    encoder = make_encoder(name).eval()
    assert encoder.patches(torch.zeros(1, grid.samples)).shape[1] == grid.frames
    assert grid.frames * grid.hop == 1600


def test_recordings_are_preprocessed_as_for_extraction():
    pcg, pahcl = (
        preprocessing_of(crop_grid(new_config(one), 1.0))
        for one in (PcgEncoderSettings(), CnnMambaEncoderSettings())
    )
    assert (pcg.sample_rate, pcg.low, pcg.high, pcg.level_dbfs) == (2000, 20.0, 800.0, -26.0)
    assert (pahcl.sample_rate, pahcl.low, pahcl.high, pahcl.level_dbfs) == (2000, 25.0, 400.0, 0.0)
