from typing import Any

import pytest
import torch
from torch import Tensor

from heartfeat.backbones.layouts.pahcl import read
from heartfeat.errors import BackboneError

from ..foreign_files import cnn_mamba, moco, pahcl_weights, projector, simclr

NAMES = """
cnn.layers.0.conv.weight cnn.layers.0.bn.running_mean cnn.layers.1.conv1.weight cnn.layers.1.bn1.weight
cnn.layers.1.conv2.weight cnn.layers.1.bn2.bias cnn.layers.1.shortcut.0.weight cnn.layers.1.shortcut.1.running_var
mamba.layers.0.norm.weight mamba.layers.0.ssm.in_proj.weight mamba.layers.0.ssm.conv1d.weight
mamba.layers.0.ssm.conv1d.bias mamba.layers.0.ssm.x_proj.weight mamba.layers.0.ssm.dt_proj.weight
mamba.layers.0.ssm.dt_proj.bias mamba.layers.0.ssm.A_log mamba.layers.0.ssm.D mamba.layers.0.ssm.out_proj.weight
mamba.norm_f.weight
"""
"""As the public training code names them (src/models/encoder.py and mamba.py of PA-HCL)."""


def config_of(weights: dict[str, Tensor], content: dict[str, Any] | None = None) -> dict[str, Any]:
    reading = read(content or {}, weights)
    assert reading is not None
    return dict(reading.config)


def test_the_names_are_those_of_the_public_code() -> None:
    assert set(NAMES.split()) <= set(pahcl_weights(cnn_mamba(), before=""))


@pytest.mark.parametrize("make", [simclr, moco], ids=["simclr", "moco"])
def test_both_kinds_of_pretraining_give_the_same_encoder(make: Any) -> None:
    model = cnn_mamba()
    reading = read({}, make(model))
    assert reading is not None
    assert set(reading.weights) == set(model.state_dict())
    assert all(torch.equal(reading.weights[name], weight) for name, weight in model.state_dict().items())


def test_everything_beyond_the_encoder_is_counted() -> None:
    model = cnn_mamba()
    weights = {**moco(model), "classifier.classifier.weight": torch.zeros(3, 16)}
    reading = read({}, weights)
    assert reading is not None
    size = len(model.state_dict())
    heads = 3 * len(projector("any"))
    assert reading.aside == {
        "the projection heads": heads,
        "the momentum encoder": size,
        "the queue": 2,
        "the classifier": 1,
    }
    assert len(reading.weights) + sum(reading.aside.values()) == len(weights)


@pytest.mark.parametrize("before", ["", "encoder.", "encoder_q.", "backbone.", "model.encoder."])
@pytest.mark.parametrize(
    "momentum", ["encoder_k.", "momentum_encoder.", "encoder_momentum.", "target_encoder.", "ema_encoder."]
)
@pytest.mark.parametrize("mixer", ["ssm", "mamba", "mixer"])
def test_the_encoder_is_found_by_any_usual_name(before: str, momentum: str, mixer: str) -> None:
    model = cnn_mamba()
    used, other = pahcl_weights(model, before, mixer), pahcl_weights(model, momentum, mixer)
    inner = {f"{before}projector.0.weight": torch.zeros(1)}
    reading = read({}, {**other, **used, **inner})
    assert reading is not None
    assert set(reading.weights) == set(model.state_dict())
    assert reading.aside["the momentum encoder"] == len(other)
    assert reading.aside["the projection heads"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"conv_residual": False},
        {"time_step_rank": 3},
        {"conv_channels": (4, 8, 16), "conv_kernels": (7, 5, 3), "conv_strides": (2, 2, 2)},
        {"state_size": 6, "expand": 3, "num_hidden_layers": 1},
    ],
)
def test_sizes_are_read_from_the_weights(changes: dict[str, Any]) -> None:
    model = cnn_mamba(**changes)
    config = config_of(simclr(model))
    assert {name: getattr(model.config, name) for name in config} == config


def test_the_file_s_own_sample_rate_and_strides_win() -> None:
    weights = simclr(cnn_mamba())
    settings = {"data": {"sample_rate": 5000}, "model": {"cnn_strides": [2, 2, 2, 1]}}
    reading = read({"config": settings}, weights)
    assert reading is not None
    assert reading.config["sampling_rate"] == 5000
    assert reading.config["conv_strides"] == [2, 2, 2, 1]
    assert reading.remarks == ()
    assert read({}, weights).remarks == ("its sample rate is taken to be 2000 Hz, for it tells none",)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"data": {"sample_rate": "5k"}},
            "its config.data.sample_rate is '5k'; expected a positive whole number",
        ),
        ({"data": {"sample_rate": float("nan")}}, "expected a positive whole number"),
        ({"model": {"cnn_strides": [2, 2]}}, "expected one of 1, 2 and 4 per convolution"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(BackboneError, match=message):
        read({"config": settings}, simclr(cnn_mamba()))


def test_two_encoders_are_not_chosen_between() -> None:
    model = cnn_mamba()
    with pytest.raises(BackboneError, match="it holds 2 encoders"):
        read({}, {**pahcl_weights(model, "a."), **pahcl_weights(model, "b.")})


def test_an_encoder_without_mamba_is_named_by_what_is_missing() -> None:
    weights = {name: weight for name, weight in simclr(cnn_mamba()).items() if ".mamba." not in name}
    with pytest.raises(
        BackboneError, match=r"mamba\.layers\.0\.mixer\.A_log of 2 dimensions, and it is not there"
    ):
        read({}, weights)


def test_another_layout_is_left_to_others() -> None:
    assert read({}, {"blocks.0.weight": torch.zeros(1)}) is None
