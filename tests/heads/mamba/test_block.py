import pytest
import torch

from heartfeat.heads.mamba.block import CHUNK, BidirectionalMamba, MultiScaleBlock, mixer, shrink, stretch


def recurrence(weights, tokens, heads, state):
    """The state space step by step in float64, from the published equations and bare weights."""
    weights, tokens = {name: weight.double() for name, weight in weights.items()}, tokens.double()
    width = weights["out_proj.weight"].shape[1]
    gate, mixed, dt = (tokens @ weights["in_proj.weight"].T).split([width, width + 2 * state, heads], dim=-1)
    kernel = weights["conv1d.weight"][:, 0].T
    memory, outputs = torch.zeros(len(tokens), heads, width // heads, state).double(), []
    for t in range(tokens.shape[1]):
        past = [(t - lag, tap) for lag, tap in enumerate(kernel.flip(0)) if t >= lag]
        now = sum(tap * mixed[:, step] for step, tap in past) + weights["conv1d.bias"]
        x, b, c = (now / (1 + torch.exp(-now))).split([width, state, state], dim=-1)
        x = x.unflatten(-1, (heads, -1))
        step = torch.log1p(torch.exp(dt[:, t] + weights["dt_bias"]))
        decay = torch.exp(-step * torch.exp(weights["A_log"]))
        added = torch.einsum("bh,bhp,bn->bhpn", step, x, b)
        memory = decay[:, :, None, None] * memory + added
        y = torch.einsum("bhpn,bn->bhp", memory, c) + weights["D"][:, None] * x
        outputs.append(y.flatten(1))
    gated = torch.stack(outputs, dim=1) * gate / (1 + torch.exp(-gate))
    normal = gated / (gated.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    return (weights["norm.weight"] * normal) @ weights["out_proj.weight"].T


def unlike_at_birth(module):
    """The mixer with weights that training could have left, none of them one or zero."""
    with torch.no_grad():
        for name in ("D", "norm.weight", "A_log", "dt_bias", "conv1d.bias"):
            weight = module.get_parameter(name)
            weight.add_(0.5 * torch.randn_like(weight))
    return module


@pytest.mark.parametrize("width", [32, 96])
@pytest.mark.parametrize("length", [1, CHUNK - 1, CHUNK, 2 * CHUNK + 1, 4 * CHUNK, 70])
def test_mixer_equals_the_recurrence_step_by_step(length, width):
    torch.manual_seed(0)
    module, tokens = unlike_at_birth(mixer(width, 8)), torch.randn(2, length, width)
    expected = recurrence(module.state_dict(), tokens, heads=width // 32, state=8)
    assert module.norm.variance_epsilon == 1e-5
    torch.testing.assert_close(module.eval()(tokens).double(), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(module.train()(tokens).double(), expected, rtol=1e-4, atol=1e-5)


def test_the_recurrence_holds_in_both_directions_of_a_block():
    torch.manual_seed(0)
    block, tokens = BidirectionalMamba(32, 8), torch.randn(2, 21, 32)
    weights = unlike_at_birth(block.mixer).state_dict()
    ahead, back = (recurrence(weights, way, 1, 8) for way in (tokens, tokens.flip(1)))
    expected = block.double().join(torch.cat([ahead, back.flip(1)], dim=-1))
    torch.testing.assert_close(block.float()(tokens).double(), expected, rtol=1e-4, atol=1e-5)


def test_mixer_forgets_by_an_amount_that_depends_on_the_input():
    torch.manual_seed(0)
    module = mixer(32, 8)
    tokens = torch.randn(1, 40, 32)
    nudged = tokens.clone()
    nudged[:, 3] += 1.0
    reach = (module(nudged) - module(tokens)).norm(dim=-1)[0]
    louder = (module(3 * nudged) - module(3 * tokens)).norm(dim=-1)[0]
    assert (reach[:3] == 0).all(), "a causal mixer must not look ahead"
    assert reach[3] > 0
    assert not torch.allclose(louder[10:] / louder[3], reach[10:] / reach[3], rtol=0.05)


def test_bidirectional_output_depends_on_past_and_future():
    torch.manual_seed(0)
    block = BidirectionalMamba(32, 8)
    tokens = torch.randn(1, 20, 32)
    nudged = tokens.clone()
    nudged[:, 10] += 1.0
    moved = (block(nudged) - block(tokens)).norm(dim=-1)[0]
    assert moved[:10].min() > 0
    assert moved[11:].min() > 0


def test_bidirectional_tells_past_from_future():
    torch.manual_seed(0)
    block = BidirectionalMamba(32, 8)
    tokens = torch.randn(1, 20, 32)
    assert not torch.allclose(block(tokens.flip(1)).flip(1), block(tokens), atol=1e-3)


@pytest.mark.parametrize("length", [1, 7, 16])
def test_multi_scale_block_keeps_the_shape_and_reaches_every_branch(length):
    torch.manual_seed(0)
    block = MultiScaleBlock(32, 8, (1, 4), dropout=0.0)
    out = block(torch.randn(2, length, 32))
    assert out.shape == (2, length, 32)
    out.square().sum().backward()
    assert all(branch.mixer.in_proj.weight.grad.abs().sum() > 0 for branch in block.branches)


def test_shrink_takes_means_also_of_a_short_last_group():
    tokens = torch.arange(5.0).view(1, 5, 1)
    assert shrink(tokens, 2).flatten().tolist() == [0.5, 2.5, 4.0]
    assert shrink(tokens, 1) is tokens


def test_stretch_repeats_and_cuts():
    tokens = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1)
    assert stretch(tokens, 2, 5).flatten().tolist() == [1, 1, 2, 2, 3]


@pytest.mark.skipif(torch.cuda.is_available(), reason="with a GPU the kernels are worth asking for")
def test_missing_gpu_kernels_go_unmentioned_where_there_is_no_gpu(capfd):
    mixer(32, 4)(torch.zeros(1, 8, 32))
    assert "falling back" not in capfd.readouterr().err
