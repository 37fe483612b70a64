import numpy as np
import pytest
import torch
from torch import nn

from heartfeat.heads.neural.losses import weighted_cross_entropy
from heartfeat.heads.neural.trainer import Trainer, rate_share


def test_rate_rises_and_falls():
    shares = [rate_share(step, 100) for step in range(100)]
    assert shares[9] == pytest.approx(1.0)
    assert np.all(np.diff(shares[:10]) > 0)
    assert np.all(np.diff(shares[10:]) < 0)
    assert shares[-1] < 0.01


def test_training_fits_a_line_and_the_average_follows():
    torch.manual_seed(0)
    net, inputs = nn.Linear(2, 1), torch.randn(64, 2)
    targets = inputs @ torch.tensor([[1.0], [-2.0]])
    trainer = Trainer(net, steps=300, steps_per_epoch=10, learning_rate=0.1, weight_decay=0.0)
    losses = [trainer.step((net(inputs) - targets).square().mean()) for _ in range(300)]
    assert losses[-1] < 1e-3 * losses[0]
    torch.testing.assert_close(trainer.averaged.weight, net.weight, atol=0.02, rtol=0)


def test_the_average_lags_behind_a_jump():
    net = nn.Linear(1, 1)
    trainer = Trainer(net, steps=10, steps_per_epoch=5, learning_rate=0.1, weight_decay=0.0)
    trainer.step(net.weight.sum() ** 2)
    with torch.no_grad():
        net.weight.add_(100.0)
    trainer.step(net.weight.sum() ** 2)
    assert trainer.averaged.weight < net.weight - 50


def test_vectors_do_not_decay():
    net = nn.LayerNorm(3)
    trainer = Trainer(net, steps=10, steps_per_epoch=5, learning_rate=0.1, weight_decay=0.5)
    trainer.step((net.weight * 0).sum() + (net.bias * 0).sum())
    assert net.weight.tolist() == [1, 1, 1]


def test_cross_entropy_weighs_classes_and_skips_empty_rows():
    logits = torch.tensor([[2.0, 0.0], [0.0, 1.0], [9.0, -9.0]])
    targets = torch.tensor([[1.0, 0.0], [0.5, 0.5], [0.0, 0.0]])
    weights = torch.tensor([3.0, 1.0])
    logs = torch.log_softmax(logits, dim=1)
    expected = -(3 * logs[0, 0] + 1.5 * logs[1, 0] + 0.5 * logs[1, 1]) / 2
    torch.testing.assert_close(weighted_cross_entropy(logits, targets, weights), expected)


def test_cross_entropy_without_any_label_is_zero():
    assert weighted_cross_entropy(torch.randn(2, 3), torch.zeros(2, 3), torch.ones(3)) == 0
