from typing import Any

import pytest
import torch

from heartfeat.backbones.layouts.microsoft_beats import read
from heartfeat.errors import BackboneError

from ..foreign_files import beats_content, microsoft_beats

NAMES = """
patch_embedding.weight layer_norm.weight layer_norm.bias post_extract_proj.weight post_extract_proj.bias
encoder.pos_conv.0.weight_g encoder.pos_conv.0.weight_v encoder.pos_conv.0.bias
encoder.layer_norm.weight encoder.layer_norm.bias
encoder.layers.0.self_attn.grep_a encoder.layers.0.self_attn.grep_linear.weight
encoder.layers.0.self_attn.grep_linear.bias encoder.layers.0.self_attn.relative_attention_bias.weight
encoder.layers.0.self_attn.k_proj.weight encoder.layers.0.self_attn.v_proj.bias
encoder.layers.0.self_attn.q_proj.weight encoder.layers.0.self_attn.out_proj.weight
encoder.layers.0.self_attn_layer_norm.weight encoder.layers.0.fc1.weight encoder.layers.0.fc2.bias
encoder.layers.0.final_layer_norm.weight encoder.layers.1.self_attn.relative_attention_bias.weight
"""
"""As the published checkpoints name them (beats/BEATs.py and backbone.py of microsoft/unilm)."""


def changed(**changes: Any) -> dict[str, Any]:
    content = beats_content(microsoft_beats())
    return {**content, "cfg": {**content["cfg"], **changes}}


def test_the_names_are_those_of_the_published_checkpoints() -> None:
    assert set(NAMES.split()) <= set(beats_content(microsoft_beats())["model"])


@pytest.mark.parametrize("fine_tuned", [False, True])
def test_the_encoder_is_read_and_the_rest_counted(fine_tuned: bool) -> None:
    model = microsoft_beats()
    content = beats_content(model, fine_tuned)
    reading = read(content, content["model"])
    assert reading is not None
    assert {name: getattr(model.config, name) for name in reading.config} == dict(reading.config)
    assert set(reading.weights) == set(model.state_dict())
    assert all(torch.equal(reading.weights[name], weight) for name, weight in model.state_dict().items())
    assert reading.aside == {
        "the distance bias, written once per layer": 1,
        **({"the predictor": 2} if fine_tuned else {}),
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layer_norm_first": True}, "its setting layer_norm_first is True; only False is known"),
        ({"activation_fn": "glu"}, "its setting activation_fn is 'glu'; only 'gelu' is known"),
        ({"max_distance": None}, "lack the number max_distance"),
        ({"max_distance": -1}, "its max_distance is -1"),
    ],
)
def test_other_settings_are_refused(changes: dict[str, Any], message: str) -> None:
    content = changed(**changes)
    with pytest.raises(BackboneError, match=message):
        read(content, content["model"])


def test_weights_that_newer_pytorch_wrote_are_named_otherwise() -> None:
    model, content = microsoft_beats(), beats_content(microsoft_beats())
    before = "encoder.pos_conv.0"
    for old, new in (("weight_g", "original0"), ("weight_v", "original1")):
        content["model"][f"{before}.parametrizations.weight.{new}"] = content["model"].pop(f"{before}.{old}")
    reading = read(content, content["model"])
    assert reading is not None
    assert torch.equal(reading.weights["position.direction"], model.state_dict()["position.direction"])


def test_settings_are_needed() -> None:
    with pytest.raises(BackboneError, match="lacks the settings that BEATs checkpoints hold as 'cfg'"):
        read({}, beats_content(microsoft_beats())["model"])


def test_layers_with_biases_of_their_own_are_refused() -> None:
    content = beats_content(microsoft_beats())
    name = "encoder.layers.1.self_attn.relative_attention_bias.weight"
    content["model"][name] = content["model"][name] + 1
    with pytest.raises(BackboneError, match="distance biases of their own"):
        read(content, content["model"])


def test_another_layout_is_left_to_others() -> None:
    assert read({"cfg": {}}, {"blocks.0.weight": torch.zeros(1)}) is None
