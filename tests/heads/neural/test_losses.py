import numpy as np
import pytest
import torch

from heartfeat.heads.neural.losses import MARGIN, make_loss, smoothed, weighted_cross_entropy

LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.0, 1.0, 0.5], [9.0, -9.0, 0.0]])
TARGETS = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 0.0]])
WEIGHTS = torch.tensor([3.0, 1.0, 2.0])
NAMES = ("ce", "focal", "asymmetric")


def test_focal_fades_what_is_found_already():
    p = torch.softmax(LOGITS, dim=1)
    terms = 3 * (1 - p[0, 0]) ** 2 * p[0, 0].log()
    terms = terms + 1.5 * (1 - p[1, 0]) ** 2 * p[1, 0].log() + 0.5 * (1 - p[1, 1]) ** 2 * p[1, 1].log()
    torch.testing.assert_close(make_loss("focal")(LOGITS, TARGETS, WEIGHTS), -terms / 2)


def test_focal_without_gamma_is_cross_entropy():
    expected = weighted_cross_entropy(LOGITS, TARGETS, WEIGHTS)
    torch.testing.assert_close(make_loss("focal", gamma=0.0)(LOGITS, TARGETS, WEIGHTS), expected)


def test_asymmetric_counts_the_other_classes_beyond_the_margin():
    p = torch.softmax(LOGITS[:1], dim=1)[0]
    wrong = (p[1:] - MARGIN).clamp(min=0)
    expected = -3 * (p[0].log() + (wrong**4 * (1 - wrong).log()).sum())
    torch.testing.assert_close(make_loss("asymmetric")(LOGITS[:1], TARGETS[:1], WEIGHTS), expected)
    assert (wrong == 0).any()
    assert (wrong > 0).any()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_rows_without_a_label_do_not_count(name, smoothing):
    loss = make_loss(name, label_smoothing=smoothing)
    torch.testing.assert_close(loss(LOGITS, TARGETS, WEIGHTS), loss(LOGITS[:2], TARGETS[:2], WEIGHTS))
    assert loss(LOGITS, torch.zeros(3, 3), WEIGHTS) == 0


@pytest.mark.parametrize("name", NAMES)
def test_sure_logits_in_half_precision_give_finite_losses_and_gradients(name):
    logits = torch.tensor([[80.0, 0.0, -80.0], [-80.0, 80.0, 0.0]], dtype=torch.bfloat16, requires_grad=True)
    loss = make_loss(name)(logits, torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]), WEIGHTS)
    loss.backward()
    assert loss.dtype == torch.float32
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


def test_smoothing_keeps_the_sum_of_every_row():
    soft = smoothed(TARGETS, 0.3)
    torch.testing.assert_close(soft.sum(1), TARGETS.sum(1))
    torch.testing.assert_close(soft[0], torch.tensor([0.8, 0.1, 0.1]))
    assert smoothed(TARGETS, 0.0) is TARGETS


@pytest.mark.parametrize(("name", "proper"), [("ce", True), ("focal", False), ("asymmetric", False)])
def test_only_cross_entropy_is_least_at_the_true_probabilities(name, proper):
    truth = torch.tensor([[0.8, 0.15, 0.05]])
    logits = truth.log().requires_grad_()
    make_loss(name)(logits, truth, torch.ones(3)).backward()
    assert np.allclose(logits.grad, 0, atol=1e-6) == proper
