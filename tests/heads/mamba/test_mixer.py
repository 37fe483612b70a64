import copy
import importlib.util
import subprocess
import sys
import warnings

import pytest
import torch
from transformers import Mamba2Config
from transformers.models.mamba2 import modeling_mamba2
from transformers.models.mamba2.modeling_mamba2 import Mamba2Mixer

from heartfeat.heads.mamba import mixer as module
from heartfeat.heads.mamba.block import BidirectionalMamba, MultiScaleBlock
from heartfeat.heads.mamba.mixer import PIECE, Mixer


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
@pytest.mark.parametrize("length", [1, 13, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 7])
def test_mixer_equals_the_recurrence_step_by_step(length, width):
    torch.manual_seed(0)
    module, tokens = unlike_at_birth(Mixer(width, 8)), torch.randn(2, length, width)
    expected = recurrence(module.state_dict(), tokens, heads=width // 32, state=8)
    assert module.norm.variance_epsilon == 1e-5
    torch.testing.assert_close(module.eval()(tokens).double(), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(module.train()(tokens).double(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("length", [1, 50, PIECE + 1, 3 * PIECE])
def test_output_and_gradients_are_those_of_transformers(length, monkeypatch):
    # Where mamba-ssm is installed, transformers' functions are its kernels, which take tensors on a GPU only.
    for name, function in dict(vars(modeling_mamba2)).items():
        monkeypatch.setattr(modeling_mamba2, name, getattr(function, "__wrapped__", function))
    torch.manual_seed(0)
    ours, tokens = unlike_at_birth(Mixer(64, 16)), torch.randn(3, length, 64, requires_grad=True)
    found = {}
    for name, forward in (("ours", Mixer.forward), ("transformers", Mamba2Mixer.forward)):
        given = [tokens, *ours.parameters()]
        said = forward(ours, tokens)
        found[name] = (said, *torch.autograd.grad(said.square().sum(), given))
    for mine, theirs in zip(*found.values(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5 * theirs.detach().abs().max().item())


def test_weights_have_the_names_and_beginnings_of_transformers():
    torch.manual_seed(0)
    ours = Mixer(64, 16)
    torch.manual_seed(0)
    theirs = Mamba2Mixer(
        Mamba2Config(hidden_size=64, state_size=16, expand=1, head_dim=32, num_heads=2, n_groups=1),
        layer_idx=0,
    ).state_dict()
    assert ours.state_dict().keys() == theirs.keys()
    assert all(torch.equal(weight, theirs[name]) for name, weight in ours.state_dict().items())


def test_a_long_wait_between_tokens_neither_overflows_nor_is_lost():
    torch.manual_seed(0)
    mixer, tokens = Mixer(32, 8), torch.randn(2, PIECE + 9, 32)
    with torch.no_grad():
        mixer.dt_bias.fill_(60.0)
    expected = recurrence(mixer.state_dict(), tokens, 1, 8)
    torch.testing.assert_close(mixer(tokens).double(), expected, rtol=1e-4, atol=1e-5)
    mixer(tokens).square().sum().backward()
    assert all(weight.grad.isfinite().all() for weight in mixer.parameters())


def test_the_recurrence_holds_in_both_directions_of_a_block():
    torch.manual_seed(0)
    block, tokens = BidirectionalMamba(32, 8), torch.randn(2, 21, 32)
    weights = unlike_at_birth(block.mixer).state_dict()
    ahead, back = (recurrence(weights, way, 1, 8) for way in (tokens, tokens.flip(1)))
    expected = block.double().join(torch.cat([ahead, back.flip(1)], dim=-1))
    torch.testing.assert_close(block.float()(tokens).double(), expected, rtol=1e-4, atol=1e-5)


def test_mixer_forgets_by_an_amount_that_depends_on_the_input():
    torch.manual_seed(0)
    module = Mixer(32, 8)
    tokens = torch.randn(1, 40, 32)
    nudged = tokens.clone()
    nudged[:, 3] += 1.0
    reach = (module(nudged) - module(tokens)).norm(dim=-1)[0]
    louder = (module(3 * nudged) - module(3 * tokens)).norm(dim=-1)[0]
    assert (reach[:3] == 0).all(), "a causal mixer must not look ahead"
    assert reach[3] > 0
    assert not torch.allclose(louder[10:] / louder[3], reach[10:] / reach[3], rtol=0.05)


def test_missing_gpu_kernels_go_unmentioned_for_they_are_not_asked_for():
    code = "import torch; from heartfeat.heads.mamba.mixer import Mixer; Mixer(32, 4)(torch.zeros(1, 80, 32))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "falling back" not in done.stderr


@pytest.mark.skipif(importlib.util.find_spec("mamba_ssm") is not None, reason="mamba-ssm is installed")
def test_a_kernel_that_is_not_there_goes_unmentioned_and_one_that_does_not_load_is_told(
    tmp_path, monkeypatch
):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert module.kernel.__wrapped__() is None
    (tmp_path / "mamba_ssm").mkdir()
    (tmp_path / "mamba_ssm/__init__.py").write_text("raise RuntimeError('built for another driver')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.warns(RuntimeWarning, match="does not load .built for another driver.; scans run on PyTorch"):
        assert module.kernel.__wrapped__() is None


def test_tensors_on_the_cpu_never_meet_the_kernel(monkeypatch):
    """As where mamba-ssm is installed and the head trains on the CPU."""

    def none_for_the_cpu(*_, **__):
        raise RuntimeError("this kernel takes tensors on a GPU only")

    mixer, tokens = Mixer(32, 4), torch.randn(2, 20, 32)
    expected = mixer(tokens)
    monkeypatch.setattr(module, "kernel", lambda: none_for_the_cpu)
    monkeypatch.setattr(modeling_mamba2, "causal_conv1d_fn", none_for_the_cpu)
    torch.testing.assert_close(mixer(tokens), expected)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("length", [15, 16, 50, 200])
def test_kernels_and_pytorch_agree_forward_and_backward(length, monkeypatch):
    kernel = module.kernel
    if kernel() is None:
        pytest.skip("needs mamba-ssm")
    torch.manual_seed(0)
    with_kernels = MultiScaleBlock(64, 16, (1, 4), dropout=0.0).cuda()
    plain = copy.deepcopy(with_kernels)
    tokens = torch.randn(4, length, 64, device="cuda")
    for training in (False, True):
        monkeypatch.setattr(module, "kernel", kernel)
        fast = with_kernels.train(training)(tokens)
        monkeypatch.setattr(module, "kernel", lambda: None)
        slow = plain.train(training)(tokens)
        torch.testing.assert_close(fast, slow, rtol=2e-3, atol=2e-3)
    fast.square().sum().backward()
    slow.square().sum().backward()
    for (name, mine), theirs in zip(with_kernels.named_parameters(), plain.parameters(), strict=True):
        assert torch.allclose(mine.grad, theirs.grad, rtol=2e-2, atol=2e-2), name
