import pytest
import torch

from heartfeat.heads.mamba.block import BidirectionalMamba, MultiScaleBlock, mixer, shrink, stretch


def recurrence(module, tokens):
    """The state space written out step by step in float64, from the published equations."""
    width, state, heads = module.intermediate_size, module.ssm_state_size, module.num_heads
    gate, mixed, dt = module.in_proj(tokens).split([width, width + 2 * state, heads], dim=-1)
    kernel, outputs = module.conv1d.weight[:, 0], []
    padded = torch.nn.functional.pad(mixed, (0, 0, kernel.shape[1] - 1, 0))
    memory = torch.zeros(len(tokens), heads, width // heads, state, dtype=tokens.dtype)
    for t in range(tokens.shape[1]):
        window = padded[:, t : t + kernel.shape[1]]
        now = torch.nn.functional.silu((window * kernel.T).sum(1) + module.conv1d.bias)
        x, b, c = now.split([width, state, state], dim=-1)
        x = x.unflatten(-1, (heads, -1))
        step = torch.nn.functional.softplus(dt[:, t] + module.dt_bias)[:, :, None, None]
        decay = torch.exp(-step * torch.exp(module.A_log)[None, :, None, None])
        memory = decay * memory + step * x[..., None] * b[:, None, None, :]
        y = (memory * c[:, None, None, :]).sum(-1) + module.D[:, None] * x
        outputs.append(y.flatten(1))
    gated = torch.stack(outputs, dim=1) * torch.nn.functional.silu(gate)
    scale = torch.rsqrt(gated.square().mean(-1, keepdim=True) + module.norm.variance_epsilon)
    return module.out_proj(module.norm.weight * gated * scale)


@pytest.mark.parametrize("length", [1, 31, 32, 33, 70])
def test_mixer_equals_the_recurrence_step_by_step(length):
    torch.manual_seed(0)
    module = mixer(32, 8)
    tokens = torch.randn(2, length, 32)
    expected = recurrence(module.double(), tokens.double())
    torch.testing.assert_close(module.float()(tokens), expected.float(), rtol=1e-4, atol=1e-5)


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
