import numpy as np
import pytest
import torch
from torch.nn.functional import layer_norm

from heartfeat.pretraining.crops import Pairs
from heartfeat.pretraining.objectives.masked import MaskedPrediction, head_count, pick
from heartfeat.pretraining.settings import MaskedSettings

from .tiny import ENCODERS, make_batch, make_encoder

TOKEN_RATE = {"pcg": 25.0, "cnn_mamba": 125.0}


def objective_of(encoder, name="pcg", **settings):
    torch.manual_seed(1)
    return MaskedPrediction(encoder, MaskedSettings(decoder_size=16, **settings), TOKEN_RATE[name])


def test_every_token_is_either_kept_or_hidden_as_many_in_each_crop():
    objective = objective_of(make_encoder(), kept=0.3)
    kept, hidden = objective._divide(9, 25, np.random.default_rng(0))
    assert kept.shape == (9, 8)
    assert hidden.shape == (9, 17)
    assert torch.equal(torch.cat([kept, hidden], dim=1).sort(dim=1).values, torch.arange(25).expand(9, 25))
    assert kept.diff(dim=1).gt(0).all()
    assert hidden.diff(dim=1).gt(0).all()
    assert len(set(map(tuple, kept.tolist()))) > 1


def test_hidden_stretches_are_longer_where_blocks_are():
    def mean_stretch(seconds):
        objective = objective_of(make_encoder(), block_seconds=(seconds, seconds))
        _, hidden = objective._divide(200, 100, np.random.default_rng(0))
        return hidden.numel() / (hidden.shape[0] + (hidden.diff(dim=1) > 1).sum().item())

    assert mean_stretch(0.04) < 3 < mean_stretch(0.4)


@pytest.mark.parametrize("tokens", [2, 3, 7])
def test_something_is_kept_and_something_hidden_of_the_shortest_crops(tokens):
    kept, hidden = objective_of(make_encoder(), kept=0.01)._divide(2, tokens, np.random.default_rng(0))
    assert kept.shape[1] >= 1
    assert hidden.shape[1] >= 1
    kept, hidden = objective_of(make_encoder(), kept=0.99)._divide(2, tokens, np.random.default_rng(0))
    assert hidden.shape[1] >= 1


def test_the_target_is_what_the_teacher_makes_of_the_whole_plain_crop():
    encoder, batch = make_encoder(), make_batch(3)
    objective = objective_of(encoder, teacher_layers=2)
    with torch.no_grad():
        for p in encoder.parameters():
            p.add_(0.1)
        states = objective.teacher.encode(objective.teacher.patches(batch.plain))
    last = [layer_norm(state, (16,)).double().numpy() for state in states[-2:]]
    mean = (last[0] + last[1]) / 2
    expected = (mean - mean.mean(-1, keepdims=True)) / np.sqrt(mean.var(-1, keepdims=True) + 1e-5)
    target = objective._target(batch.plain)
    np.testing.assert_allclose(target.numpy(), expected, atol=1e-4)
    assert not target.requires_grad


@pytest.mark.parametrize("name", ENCODERS)
def test_the_student_gets_no_number_of_a_hidden_patch(name):
    encoder, batch = make_encoder(name).eval(), make_batch(3, name)
    objective = objective_of(encoder, name).eval()
    rng = np.random.default_rng(7)
    patches = encoder.patches(batch.varied).detach().requires_grad_()
    kept, hidden = objective._divide(*patches.shape[:2], np.random.default_rng(7))
    seen = encoder.encode(pick(patches, kept), kept)[-1]
    seen.square().sum().backward()
    assert pick(patches.grad, hidden).abs().max() == 0
    assert pick(patches.grad, kept).abs().sum(dim=-1).min() > 0

    # And the loss itself: other numbers in the hidden patches change nothing.
    first = objective(encoder, batch, rng)["loss"]
    original = encoder.patches

    def spoiled(waveform):
        return original(waveform).scatter(1, hidden[:, :, None].expand(-1, -1, patches.shape[2]), 5.0)

    encoder.patches = spoiled
    assert objective(encoder, batch, np.random.default_rng(7))["loss"].item() == first.item()


def test_the_loss_is_the_mean_square_error_at_the_hidden_tokens():
    encoder, batch = make_encoder().eval(), make_batch(3)
    objective = objective_of(encoder).eval()
    with torch.no_grad():
        objective.leave.weight.zero_()
        objective.leave.bias.fill_(0.25)
    _, hidden = objective._divide(6, batch.states.shape[1], np.random.default_rng(3))
    target = pick(objective._target(batch.plain), hidden).double().numpy()
    found = objective(encoder, batch, np.random.default_rng(3))["loss"].item()
    assert found == pytest.approx(np.square(target - 0.25).mean(), rel=1e-5)


def test_the_varied_crop_is_for_the_student_and_the_plain_one_for_the_teacher():
    encoder, batch = make_encoder(), make_batch(3)
    objective = objective_of(encoder)
    varied = batch.varied.clone().requires_grad_()
    plain = batch.plain.clone().requires_grad_()
    figures = objective(encoder, Pairs(plain, varied, batch.states, batch.people), np.random.default_rng(0))
    figures["loss"].backward()
    assert plain.grad is None
    assert varied.grad.abs().sum() > 0
    assert all(p.grad is None for p in objective.teacher.parameters())


def test_the_teacher_follows_ever_more_slowly():
    encoder = make_encoder()
    objective = objective_of(encoder, teacher_momentum=0.9)
    moved = []
    for done in (0.0, 0.5, 1.0):
        before = objective.teacher.embed.weight.clone()
        with torch.no_grad():
            encoder.embed.weight.copy_(before + 1)
        objective.after_step(encoder, done)
        moved.append((objective.teacher.embed.weight - before).mean().item())
    np.testing.assert_allclose(moved, [0.1, 0.05005, 0.0001], atol=2e-6)


def test_a_teacher_that_tells_nothing_apart_has_no_spread():
    encoder, batch = make_encoder(), make_batch(3)
    healthy = objective_of(encoder)(encoder, batch, np.random.default_rng(0))["spread"].item()
    with torch.no_grad():
        encoder.embed.weight.zero_()
    constant = objective_of(encoder)(encoder, batch, np.random.default_rng(0))["spread"].item()
    assert constant < 1e-3 < 0.1 < healthy


@pytest.mark.parametrize("size", [8, 50, 70, 96, 100, 144, 510])
def test_any_even_size_of_the_decoder_is_shared_by_its_heads(size):
    heads = head_count(size)
    assert size % (2 * heads) == 0
    assert size // heads >= min(size, 24)
    assert head_count(96) == 4
