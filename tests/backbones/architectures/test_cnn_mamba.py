import functools
import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers.models.mamba import modeling_mamba

from heartfeat.backbones.architectures.cnn_mamba import CnnMambaConfig, CnnMambaModel
from heartfeat.backbones.architectures.mamba_kernels import pytorch_only

from ..tiny_encoders import TINY_CNN_MAMBA
from .by_hand import Weights, convolve, gelu, linear, sigmoid, unlike_at_birth, weights_of

EPSILON = 1e-6


def tiny(**changes: object) -> CnnMambaModel:
    torch.manual_seed(0)
    return CnnMambaModel(CnnMambaConfig(**{**TINY_CNN_MAMBA, **changes}))


def batch_norm(frames: np.ndarray, weights: Weights, name: str) -> np.ndarray:
    mean, spread, scale, shift = (
        weights[f"{name}.{part}"][:, None] for part in ("running_mean", "running_var", "weight", "bias")
    )
    return (frames - mean) / np.sqrt(spread + 1e-5) * scale + shift


def convolutions(waveform: np.ndarray, weights: Weights, kernels: tuple[int, ...]) -> np.ndarray:
    first = convolve(waveform[None], weights["cnn.layers.0.conv.weight"], 2, kernels[0] // 2)
    frames = gelu(batch_norm(first, weights, "cnn.layers.0.bn"))
    for i, kernel in enumerate(kernels[1:], start=1):
        at = f"cnn.layers.{i}"
        inner = gelu(
            batch_norm(convolve(frames, weights[f"{at}.conv1.weight"], 2, kernel // 2), weights, f"{at}.bn1")
        )
        inner = batch_norm(
            convolve(inner, weights[f"{at}.conv2.weight"], 1, kernel // 2), weights, f"{at}.bn2"
        )
        around = convolve(frames, weights[f"{at}.shortcut.0.weight"], 2, 0)
        frames = gelu(inner + batch_norm(around, weights, f"{at}.shortcut.1"))
    return frames


def root_mean_square_norm(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return values / np.sqrt((values**2).mean(axis=-1, keepdims=True) + EPSILON) * weight


def state_space(inputs: np.ndarray, weights: Weights, at: str) -> np.ndarray:
    """Gu & Dao 2023, algorithm 2, one step after the other."""
    width, states = weights[f"{at}.A_log"].shape
    rank = weights[f"{at}.dt_proj.weight"].shape[1]
    mixed, gate = np.split(linear(inputs, weights, f"{at}.in_proj"), 2, axis=-1)
    kernel, memory, outputs = weights[f"{at}.conv1d.weight"][:, 0], np.zeros((width, states)), []
    for t in range(len(inputs)):
        past = [kernel[:, -1 - lag] * mixed[t - lag] for lag in range(kernel.shape[1]) if t >= lag]
        now = sum(past) + weights[f"{at}.conv1d.bias"]
        x = now * sigmoid(now)
        projected = linear(x, weights, f"{at}.x_proj")
        rate, b, c = projected[:rank], projected[rank : rank + states], projected[rank + states :]
        step = np.log1p(np.exp(linear(rate, weights, f"{at}.dt_proj")))[:, None]
        memory = np.exp(-step * np.exp(weights[f"{at}.A_log"])) * memory + step * b * x[:, None]
        outputs.append(memory @ c + weights[f"{at}.D"] * x)
    return linear(np.stack(outputs) * gate * sigmoid(gate), weights, f"{at}.out_proj")


@pytest.mark.parametrize("rank", [1, 3])
@pytest.mark.parametrize("samples", [64, 333])
def test_the_model_equals_its_formulas_step_by_step(samples: int, rank: int) -> None:
    model = unlike_at_birth(tiny(time_step_rank=rank))
    weights, waveform = weights_of(model), torch.randn(2, samples)
    with torch.inference_mode():
        output = model(waveform, output_hidden_states=True, output_conv_states=True)

    frames = convolutions(waveform[1].double().numpy(), weights, (7, 5, 5, 3))
    np.testing.assert_allclose(output.conv_states[-1][1], frames, rtol=1e-4, atol=1e-5)
    states = [linear(frames.T, weights, "proj")]
    for i in range(2):
        at = f"mamba.layers.{i}"
        normal = root_mean_square_norm(states[-1], weights[f"{at}.norm.weight"])
        states.append(states[-1] + state_space(normal, weights, f"{at}.mixer"))
    last = root_mean_square_norm(states[-1], weights["mamba.norm_f.weight"])
    for got, expected in zip(output.hidden_states, [*states[:-1], last], strict=True):
        np.testing.assert_allclose(got[1], expected, rtol=1e-4, atol=1e-4)
    assert torch.equal(output.last_hidden_state, output.hidden_states[-1])
    assert output.last_hidden_state.shape == (2, -(-samples // 16), 16)


def test_the_encoder_of_pa_hcl_has_its_published_sizes() -> None:
    model = CnnMambaModel(CnnMambaConfig()).eval()
    with torch.inference_mode():
        output = model(torch.randn(1, 1600), output_hidden_states=True, output_conv_states=True)
    assert [tuple(state.shape[1:]) for state in output.conv_states] == [
        (32, 800),
        (64, 400),
        (128, 200),
        (256, 100),
    ]
    assert len(output.hidden_states) == 5
    assert output.last_hidden_state.shape == (1, 100, 256)
    assert model.mamba.layers[0].mixer.A_log.shape == (512, 16)


def test_every_weight_learns_and_the_loss_falls() -> None:
    model, waveform = tiny(dropout=0.0).train(), torch.randn(4, 320)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(12):
        loss = (model(waveform).last_hidden_state.mean(dim=1) - torch.eye(4, 16)).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert all(weight.grad.abs().sum() > 0 for weight in model.parameters())
    assert losses[-1] < 0.5 * losses[0]


def test_what_was_saved_is_what_is_loaded(tmp_path: Path) -> None:
    model = unlike_at_birth(tiny(conv_residual=False, time_step_rank=2))
    model.save_pretrained(tmp_path)
    loaded = CnnMambaModel.from_pretrained(tmp_path).eval()
    waveform = torch.randn(1, 160)
    assert torch.equal(loaded(waveform).last_hidden_state, model(waveform).last_hidden_state)


def test_kernels_are_left_alone_where_tensors_are_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where mamba-ssm is installed and the model runs on the CPU."""
    model, waveform = tiny(dropout=0.0).train(), torch.randn(2, 320)
    expected = model(waveform).last_hidden_state
    for name in ("mamba_selective_scan", "mamba_inner_fn", "causal_conv1d_fn"):
        original = getattr(modeling_mamba, name).__wrapped__

        @functools.wraps(original)
        def kernel(*arguments: object, **named: object) -> None:
            raise RuntimeError("this kernel takes tensors on a GPU only")

        monkeypatch.setattr(modeling_mamba, name, kernel)
    torch.testing.assert_close(model(waveform).last_hidden_state, expected)
    with pytest.raises(RuntimeError, match="GPU only"):
        model.mamba.layers[0].mixer(torch.randn(1, 4, 16))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_kernels_and_pytorch_agree() -> None:
    if not importlib.util.find_spec("mamba_ssm"):
        pytest.skip("needs mamba-ssm")
    model, waveform = unlike_at_birth(CnnMambaModel(CnnMambaConfig())).cuda(), torch.randn(2, 1600).cuda()
    fast = model(waveform).last_hidden_state
    with pytorch_only():
        slow = model(waveform).last_hidden_state
    torch.testing.assert_close(fast, slow, rtol=2e-3, atol=2e-3)


@pytest.mark.skipif(torch.cuda.is_available(), reason="with a GPU the kernels are worth asking for")
def test_missing_gpu_kernels_go_unmentioned_where_there_is_no_gpu(capfd: pytest.CaptureFixture[str]) -> None:
    tiny()(torch.randn(1, 160))
    assert "falling back" not in capfd.readouterr().err
