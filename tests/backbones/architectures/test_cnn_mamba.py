from pathlib import Path

import numpy as np
import pytest
import torch

from heartfeat.backbones.architectures.cnn_mamba import CnnMambaConfig, CnnMambaModel

from ..tiny_encoders import TINY_CNN_MAMBA
from .by_hand import Weights, convolve, gelu, linear, state_space, unlike_at_birth, weights_of

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


@pytest.mark.parametrize("rank", [1, 3])
@pytest.mark.parametrize("samples", [64, 333])
def test_the_model_equals_its_formulas_step_by_step(samples: int, rank: int) -> None:
    model = unlike_at_birth(tiny(time_step_rank=rank))
    weights, waveform = weights_of(model), torch.randn(2, samples)
    with torch.inference_mode():
        output, convolved = model(waveform, output_hidden_states=True), model.cnn(waveform)

    frames = convolutions(waveform[1].double().numpy(), weights, (7, 5, 5, 3))
    np.testing.assert_allclose(convolved[1], frames, rtol=1e-4, atol=1e-5)
    states = [linear(frames.T, weights, "proj")]
    for i in range(2):
        at = f"mamba.layers.{i}"
        normal = root_mean_square_norm(states[-1], weights[f"{at}.norm.weight"])
        states.append(states[-1] + state_space(normal, weights, f"{at}.mixer."))
    last = root_mean_square_norm(states[-1], weights["mamba.norm_f.weight"])
    for got, expected in zip(output.hidden_states, [*states[:-1], last], strict=True):
        np.testing.assert_allclose(got[1], expected, rtol=1e-4, atol=1e-4)
    assert torch.equal(output.last_hidden_state, output.hidden_states[-1])
    assert output.last_hidden_state.shape == (2, -(-samples // 16), 16)


def test_the_encoder_of_pa_hcl_has_its_published_sizes() -> None:
    model = CnnMambaModel(CnnMambaConfig()).eval()
    with torch.inference_mode():
        states = [frames := torch.randn(1, 1, 1600)]
        for layer in model.cnn.layers:
            states.append(frames := layer(frames))
        output = model(states[0][:, 0], output_hidden_states=True)
    assert [state.shape[1:] for state in states] == [(1, 1600), (32, 800), (64, 400), (128, 200), (256, 100)]
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
