import pytest
import torch

from heartfeat.backbones.layouts.m2d import read
from heartfeat.errors import BackboneError

from ..foreign_files import m2d, m2d_weights

NAMES = """
cls_token pos_embed patch_embed.proj.weight patch_embed.proj.bias blocks.0.norm1.weight blocks.0.attn.qkv.weight
blocks.0.attn.qkv.bias blocks.0.attn.proj.weight blocks.0.norm2.bias blocks.0.mlp.fc1.weight blocks.0.mlp.fc2.bias
norm.weight norm.bias target_blocks.0.norm1.weight target_norm.weight
"""
"""As the public training code names them (patch_m2d.diff of nttcslab/m2d, on MAE's models_mae.py and timm's Block)."""


def test_the_names_are_those_of_the_public_code() -> None:
    assert set(NAMES.split()) <= set(m2d_weights(m2d()))


@pytest.mark.parametrize("before", ["", "ar.runtime.backbone.", "backbone."])
def test_the_encoder_is_read_and_the_rest_counted(before: str) -> None:
    model = m2d()
    weights = {**m2d_weights(model, before), "head.mlp.mlp.0.weight": torch.zeros(3, 128)}
    reading = read({}, weights)
    assert reading is not None
    assert {name: getattr(model.config, name) for name in reading.config} == dict(reading.config)
    assert set(reading.weights) == set(model.state_dict())
    assert all(torch.equal(reading.weights[name], weight) for name, weight in model.state_dict().items())
    assert reading.aside == {"the target encoder": 2 * 12 + 2, "the decoder": 5, "the classifier": 1}


def test_an_encoder_alone_tells_itself_by_its_statistics() -> None:
    encoder = m2d().state_dict()
    assert read({}, encoder) is None
    reading = read({"sample_rate": 32000}, {**encoder, "norm_stats": torch.tensor([-6.4, 4.2])})
    assert reading is not None
    assert (reading.config["norm_mean"], reading.config["norm_std"]) == (-6.4, 4.2)
    assert reading.config["sampling_rate"] == 32000
    assert (reading.aside, reading.remarks) == ({}, ())
    assert "norm_stats" not in reading.weights


def test_a_sample_rate_that_is_not_told_is_said() -> None:
    reading = read({}, m2d_weights(m2d()))
    assert reading is not None
    assert reading.config["sampling_rate"] == 16000
    assert "taken to be 16000 Hz" in reading.remarks[0]


@pytest.mark.parametrize(
    ("content", "changes", "message"),
    [
        ({"sample_rate": 8000}, {}, "its sample_rate is 8000; M2D is known at 16000 and 32000 Hz"),
        ({}, {"pos_embed": torch.zeros(1, 20, 128)}, "it has 19 positions"),
        ({}, {"patch_embed.proj.weight": torch.zeros(128, 3, 16, 16)}, "patches of 3 x 16 x 16"),
        ({}, {"norm_stats": torch.zeros(3)}, "expected a mean and a spread"),
    ],
)
def test_what_makes_no_spectrogram_is_refused(
    content: dict[str, object], changes: dict[str, torch.Tensor], message: str
) -> None:
    with pytest.raises(BackboneError, match=message):
        read(content, {**m2d_weights(m2d()), **changes})
