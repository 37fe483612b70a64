import pytest
import torch
from torch import nn

from heartfeat.backbones.transformers_audio import load_transformers
from heartfeat.errors import BackboneError
from heartfeat.finetuning.layers import layer_list, layer_numbers, learning, rate_groups
from heartfeat.finetuning.net import FinetuneNet
from heartfeat.finetuning.settings import FinetuneSettings, StageSettings

from .small import LAYERS, settings_of


@pytest.fixture
def net(checkpoint):
    backbone = load_transformers(settings_of(checkpoint))
    return FinetuneNet(backbone.model, backbone.spec.dim, 2)


def test_layers_are_counted_from_below_and_the_last_norm_is_part_of_the_last(net):
    numbers = layer_numbers(net.backbone.encoder, LAYERS)
    assert numbers["model.embed.weight"] == 0
    assert numbers["model.blocks.0.qkv.weight"] == 1
    assert numbers["model.blocks.2.down.bias"] == LAYERS
    assert numbers["model.norm.weight"] == LAYERS
    assert set(numbers) == {name for name, _ in net.backbone.encoder.named_parameters()}


class Both(nn.Module):
    """Convolutions and layers, as many of one as of the other, and lists within the layers."""

    def __init__(self):
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Linear(50, 50) for _ in range(2))
        self.layers = nn.ModuleList(nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)]) for _ in range(2))


def test_the_outermost_last_list_of_the_right_length_holds_the_layers():
    assert layer_list(Both(), 2)[0] == "layers"
    assert layer_list(Both(), 7)[0] == "convolutions"


def test_an_encoder_without_layers_is_refused():
    with pytest.raises(BackboneError, match="no list of layers"):
        layer_list(nn.Linear(2, 2), 1)


@pytest.mark.parametrize(
    ("stage", "wanted"),
    [
        ({"train": "head"}, set()),
        ({"train": "top", "layers": 1}, {3}),
        ({"train": "top", "layers": 2}, {2, 3}),
        ({"train": "all"}, {0, 1, 2, 3}),
    ],
    ids=["head", "top-1", "top-2", "all"],
)
def test_a_stage_lets_its_own_layers_learn(net, stage, wanted):
    numbers = layer_numbers(net.backbone.encoder, LAYERS)
    names = learning(StageSettings(epochs=1, **stage), numbers, LAYERS)
    assert {numbers[name] for name in names} == wanted


def test_layers_above_the_one_that_is_kept_never_learn(net):
    numbers = layer_numbers(net.backbone.encoder, LAYERS)
    names = learning(StageSettings(train="top", layers=1, epochs=1), numbers, 2)
    assert {numbers[name] for name in names} == {2}


def test_each_layer_below_learns_slower_by_the_same_factor_and_only_matrices_decay(net):
    numbers = layer_numbers(net.backbone.encoder, LAYERS)
    net.let_learn(set(numbers))
    settings = FinetuneSettings(learning_rate=0.01, head_learning_rate=0.5, layer_decay=0.1, weight_decay=0.2)
    groups = rate_groups(net.head, net.backbone.encoder, numbers, LAYERS, settings)
    rate_of = {id(p): group["lr"] for group in groups for p in group["params"]}
    wanted = {0: 1e-5, 1: 1e-4, 2: 1e-3, 3: 1e-2}
    for name, parameter in net.backbone.encoder.named_parameters():
        assert rate_of[id(parameter)] == pytest.approx(wanted[numbers[name]])
    assert {rate_of[id(p)] for p in net.head.parameters()} == {0.5}
    decay_of = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    assert all(decay_of[id(p)] == (0.2 if p.dim() > 1 else 0.0) for p in net.parameters())
    assert len(rate_of) == len(list(net.parameters()))


def test_what_does_not_learn_stays_as_in_extraction(net):
    numbers = layer_numbers(net.backbone.encoder, LAYERS)
    net.let_learn(learning(StageSettings(train="top", layers=1, epochs=1), numbers, LAYERS))
    net.train()
    blocks = net.backbone.encoder.model.blocks
    assert [block.training for block in blocks] == [False, False, True]
    crops = torch.randn(2, 3000)
    net.let_learn(set())
    net.train()
    assert torch.equal(net.backbone(crops), net.eval().backbone(crops))
