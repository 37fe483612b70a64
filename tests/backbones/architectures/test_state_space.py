import numpy as np
import pytest
import torch
from transformers import MambaConfig
from transformers.models.mamba.modeling_mamba import MambaMixer

from heartfeat.backbones.architectures import state_space as module
from heartfeat.backbones.architectures.state_space import SelectiveStateSpace

from .by_hand import state_space, unlike_at_birth, weights_of


def mixer(rank: int = 1, expand: int = 2) -> SelectiveStateSpace:
    torch.manual_seed(0)
    config = MambaConfig(
        hidden_size=12, state_size=5, time_step_rank=rank, expand=expand, num_hidden_layers=1
    )
    return unlike_at_birth(SelectiveStateSpace(config, layer_idx=0))


@pytest.mark.parametrize("rank", [1, 3])
@pytest.mark.parametrize("length", [1, 3, 70])
def test_the_scan_equals_the_recurrence_step_by_step(length: int, rank: int) -> None:
    layer, frames = mixer(rank), torch.randn(2, length, 12)
    with torch.inference_mode():
        got = layer(frames)
    for one, expected in zip(got, frames.double().numpy(), strict=True):
        by_hand = state_space(expected, weights_of(layer), "")
        np.testing.assert_allclose(one, by_hand, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("training", [False, True])
def test_it_equals_the_library_s_own_path_forward_and_backward(training: bool) -> None:
    layer, frames = mixer(rank=2).train(training), torch.randn(3, 33, 12)
    grads = []
    for forward in (layer.forward, lambda frames: MambaMixer.forward(layer, frames)):
        layer.zero_grad()
        out = forward(frames)
        (out * torch.linspace(-1, 1, out.numel()).view_as(out)).sum().backward()
        grads.append((out, {name: weight.grad.clone() for name, weight in layer.named_parameters()}))
    (ours, mine), (library, theirs) = grads
    torch.testing.assert_close(ours, library, rtol=1e-4, atol=1e-5)
    for name, grad in mine.items():
        torch.testing.assert_close(grad, theirs[name], rtol=1e-3, atol=1e-4, msg=name)


def test_frames_do_not_depend_on_later_ones_and_forget_by_the_input() -> None:
    layer, frames = mixer(), torch.randn(1, 40, 12)
    nudged = frames.clone()
    nudged[:, 5] += 1.0
    with torch.inference_mode():
        reach = (layer(nudged) - layer(frames)).norm(dim=-1)[0]
        louder = (layer(3 * nudged) - layer(3 * frames)).norm(dim=-1)[0]
    assert (reach[:5] == 0).all()
    assert reach[5:].min() > 0
    assert not torch.allclose(louder[12:] / louder[5], reach[12:] / reach[5], rtol=0.05)


def test_states_are_kept_in_full_precision_under_autocast(monkeypatch: pytest.MonkeyPatch) -> None:
    layer, frames, seen = mixer(), torch.randn(1, 8, 12), []
    scan = module.selective_scan

    def watched(*arguments: torch.Tensor) -> torch.Tensor:
        seen.extend(argument.dtype for argument in arguments)
        result = scan(*arguments)
        seen.append(result.dtype)
        return result

    monkeypatch.setattr(module, "selective_scan", watched)
    with torch.autocast("cpu", torch.bfloat16):
        layer(frames)
    assert set(seen) == {torch.float32}


def test_kernels_are_left_alone_where_tensors_are_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where mamba-ssm is installed and the model runs on the CPU."""
    layer, frames = mixer(), torch.randn(1, 8, 12)
    expected = layer(frames)

    def kernels(*arguments: object, **named: object) -> None:
        raise RuntimeError("these kernels take tensors on a GPU only")

    monkeypatch.setattr(module, "KERNELS", True)
    monkeypatch.setattr(MambaMixer, "forward", kernels)
    assert torch.equal(layer(frames), expected)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_kernels_and_pytorch_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    if not module.KERNELS:
        pytest.skip("mamba-ssm or causal-conv1d is not installed, or does not load")
    layer, frames = mixer(expand=4).cuda(), torch.randn(4, 200, 12, device="cuda")
    fast = layer(frames)
    monkeypatch.setattr(module, "KERNELS", False)
    torch.testing.assert_close(fast, layer(frames), rtol=2e-3, atol=2e-3)


@pytest.mark.skipif(torch.cuda.is_available(), reason="with a GPU the kernels are worth asking for")
def test_missing_gpu_kernels_go_unmentioned_where_there_is_no_gpu(capfd: pytest.CaptureFixture[str]) -> None:
    mixer()(torch.zeros(1, 8, 12))
    assert "falling back" not in capfd.readouterr().err
