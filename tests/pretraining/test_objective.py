import numpy as np
import pytest
import torch

from heartfeat.pretraining.objectives.contrast import HierarchicalContrast
from heartfeat.pretraining.objectives.masked import MaskedPrediction
from heartfeat.pretraining.objectives.objective import Learner, follow, from_all, frozen_copy
from heartfeat.pretraining.settings import ContrastSettings, MaskedSettings

from .tiny import ENCODERS, make_batch, make_encoder


def learner_of(name):
    encoder = make_encoder(name)
    moco = ContrastSettings(method="moco", queue=16, projection=16)
    objectives = [
        ("masked", 0.5, MaskedPrediction(encoder, MaskedSettings(decoder_size=16), 25.0)),
        ("contrast", 2.0, HierarchicalContrast(encoder, moco)),
    ]
    return Learner(encoder, objectives)


@pytest.mark.parametrize("name", ENCODERS)
def test_the_loss_is_the_weighted_sum_and_every_figure_has_its_objective_s_name(name):
    learner, batch = learner_of(name).eval(), make_batch(4, name)
    learner(batch, np.random.default_rng(1))
    figures = learner(batch, np.random.default_rng(0))
    expected = 0.5 * figures["masked_loss"] + 2 * figures["contrast_loss"]
    assert figures["loss"].item() == pytest.approx(expected.item())
    assert {"masked_spread", "contrast_cycle", "contrast_cycle_found", "contrast_structure"} <= set(figures)


@pytest.mark.parametrize("name", ENCODERS)
def test_every_weight_of_the_encoder_learns(name):
    learner = learner_of(name).train()
    for seed in (0, 1):
        loss = learner(make_batch(4, name, seed), np.random.default_rng(seed))["loss"]
    loss.backward()
    trained = {n: p for n, p in learner.named_parameters() if p.requires_grad}
    assert all(p.grad is not None for p in trained.values())
    assert all(p.grad.abs().sum() > 0 for n, p in trained.items() if n.startswith("encoder."))
    assert not any(part in n for n in trained for part in ("teacher", "momentum"))


def test_twins_drop_nothing_while_the_encoder_is_trained():
    learner = learner_of("cnn_mamba").train()
    assert learner.encoder.training
    twins = [learner.objectives["masked"].teacher, learner.objectives["contrast"].momentum_encoder]
    assert not any(module.training for twin in twins for module in twin.modules())
    waveform = make_batch(2, "cnn_mamba").plain
    for twin in twins:
        assert torch.equal(twin.patches(waveform), twin.patches(waveform))


def test_twins_take_over_running_statistics_with_their_weights():
    encoder = make_encoder("cnn_mamba").train()
    twin = frozen_copy(encoder)
    encoder.patches(make_batch(4, "cnn_mamba").varied)
    before = twin.cnn.layers[0].conv.weight.clone()
    with torch.no_grad():
        encoder.cnn.layers[0].conv.weight.add_(1)
    follow(twin, encoder, 0.9)
    torch.testing.assert_close(twin.cnn.layers[0].conv.weight, before + 0.1)
    assert encoder.cnn.layers[0].bn.running_mean.abs().sum() > 0
    for own, followed in zip(encoder.buffers(), twin.buffers(), strict=True):
        assert torch.equal(own, followed)


def test_one_process_has_its_own_rows_only():
    rows = torch.arange(6).reshape(3, 2)
    assert torch.equal(from_all(rows), rows)
