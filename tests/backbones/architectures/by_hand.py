"""Layers in float64 numpy, written from their formulas."""

from collections.abc import Mapping

import numpy as np
import torch
from scipy.special import erf
from torch import nn

Weights = Mapping[str, np.ndarray]


def weights_of(model: nn.Module) -> dict[str, np.ndarray]:
    return {name: weight.double().numpy() for name, weight in model.state_dict().items()}


def unlike_at_birth(model: nn.Module, seed: int = 0) -> nn.Module:
    """The model with weights that training could have left, none of them one or zero."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.state_dict().items():
            if weight.is_floating_point():
                weight.add_(0.2 * (torch.rand_like(weight) if "var" in name else torch.randn_like(weight)))
    return model.eval()


def linear(inputs: np.ndarray, weights: Weights, name: str) -> np.ndarray:
    return inputs @ weights[f"{name}.weight"].T + weights.get(f"{name}.bias", 0.0)


def gelu(values: np.ndarray) -> np.ndarray:
    return values * (1 + erf(values / np.sqrt(2))) / 2


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def softmax(values: np.ndarray) -> np.ndarray:
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def layer_norm(values: np.ndarray, weights: Weights, name: str, epsilon: float = 1e-5) -> np.ndarray:
    spread = np.sqrt(values.var(axis=-1, keepdims=True) + epsilon)
    normal = (values - values.mean(axis=-1, keepdims=True)) / spread
    return normal * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def convolve(signal: np.ndarray, kernel: np.ndarray, stride: int, padding: int) -> np.ndarray:
    """``(channels, n)`` with ``(after, channels, taps)``, tap by tap."""
    padded = np.pad(signal, ((0, 0), (padding, padding)))
    taps = kernel.shape[-1]
    steps = range(0, padded.shape[1] - taps + 1, stride)
    return np.stack([np.einsum("ct,oct->o", padded[:, at : at + taps], kernel) for at in steps], axis=1)


def state_space(inputs: np.ndarray, weights: Weights, at: str) -> np.ndarray:
    """Gu & Dao 2023, algorithm 2, one step after the other."""
    width, states = weights[f"{at}A_log"].shape
    rank = weights[f"{at}dt_proj.weight"].shape[1]
    mixed, gate = np.split(linear(inputs, weights, f"{at}in_proj"), 2, axis=-1)
    kernel, memory, outputs = weights[f"{at}conv1d.weight"][:, 0], np.zeros((width, states)), []
    for t in range(len(inputs)):
        past = [kernel[:, -1 - lag] * mixed[t - lag] for lag in range(kernel.shape[1]) if t >= lag]
        now = sum(past) + weights[f"{at}conv1d.bias"]
        x = now * sigmoid(now)
        projected = linear(x, weights, f"{at}x_proj")
        rate, b, c = projected[:rank], projected[rank : rank + states], projected[rank + states :]
        step = np.log1p(np.exp(linear(rate, weights, f"{at}dt_proj")))[:, None]
        memory = np.exp(-step * np.exp(weights[f"{at}A_log"])) * memory + step * b * x[:, None]
        outputs.append(memory @ c + weights[f"{at}D"] * x)
    return linear(np.stack(outputs) * gate * sigmoid(gate), weights, f"{at}out_proj")
