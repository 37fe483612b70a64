import math
from pathlib import Path

import numpy as np
import torch

from heartfeat.backbones.architectures.m2d import M2dConfig, M2dModel
from heartfeat.backbones.m2d_encoder import M2dEncoder, describe

from ..tiny_encoders import SIZES
from .by_hand import Weights, gelu, layer_norm, linear, softmax, unlike_at_birth, weights_of

HEADS, EPSILON = SIZES["num_attention_heads"], 1e-6


def tiny(**changes: object) -> M2dModel:
    torch.manual_seed(0)
    return M2dModel(M2dConfig(**{**SIZES, "input_size": (32, 64), **changes}))


def attention(tokens: np.ndarray, weights: Weights, at: str) -> np.ndarray:
    queries, keys, values = np.split(linear(tokens, weights, f"{at}.qkv"), 3, axis=1)
    size, mixed = tokens.shape[1] // HEADS, []
    for head in range(HEADS):
        part = slice(head * size, (head + 1) * size)
        scores = queries[:, part] @ keys[:, part].T / math.sqrt(size)
        mixed.append(softmax(scores) @ values[:, part])
    return linear(np.concatenate(mixed, axis=1), weights, f"{at}.proj")


def by_formula(spectrogram: np.ndarray, weights: Weights) -> list[np.ndarray]:
    """Hidden states of one ``(bands, frames)`` spectrogram of whole length."""
    kernel = weights["patch_embed.proj.weight"][:, 0]
    patches = [
        np.einsum("ft,cft->c", spectrogram[f : f + 16, t : t + 16], kernel)
        for f in range(0, spectrogram.shape[0], 16)
        for t in range(0, spectrogram.shape[1], 16)
    ]
    embedded = np.stack(patches) + weights["patch_embed.proj.bias"]
    tokens = np.concatenate([weights["cls_token"][0], embedded]) + weights["pos_embed"][0]
    states = [tokens]
    for i in range(2):
        at, state = f"blocks.{i}", states[-1]
        state = state + attention(layer_norm(state, weights, f"{at}.norm1", EPSILON), weights, f"{at}.attn")
        inner = linear(layer_norm(state, weights, f"{at}.norm2", EPSILON), weights, f"{at}.mlp.fc1")
        states.append(state + linear(gelu(inner), weights, f"{at}.mlp.fc2"))
    return [*states[:-1], layer_norm(states[-1], weights, "norm", EPSILON)]


def test_the_model_equals_its_formulas() -> None:
    model, image = unlike_at_birth(tiny()), torch.randn(2, 32, 64)
    with torch.inference_mode():
        output = model(image, output_hidden_states=True)
    expected = by_formula(image[1].double().numpy(), weights_of(model))
    assert output.last_hidden_state.shape == (2, 1 + 2 * 4, 16)
    for got, state in zip(output.hidden_states, expected, strict=True):
        np.testing.assert_allclose(got[1], state, rtol=1e-4, atol=1e-5)


def slaney_triangles(bands: int, low: float, high: float) -> np.ndarray:
    """``(201, bands)``: linear below 1 kHz and logarithmic above, of equal area (Slaney 1998)."""
    step = math.log(6.4) / 27

    def to_mel(frequency: float) -> float:
        return frequency * 3 / 200 if frequency < 1000 else 15 + math.log(frequency / 1000) / step

    def to_hertz(mel: float) -> float:
        return mel * 200 / 3 if mel < 15 else 1000 * math.exp(step * (mel - 15))

    edges = [to_hertz(mel) for mel in np.linspace(to_mel(low), to_mel(high), bands + 2)]
    bins = np.linspace(0, 8000, 201)
    columns = []
    for left, middle, right in zip(edges[:-2], edges[1:-1], edges[2:], strict=True):
        rise, fall = (bins - left) / (middle - left), (right - bins) / (right - middle)
        columns.append(np.maximum(0, np.minimum(rise, fall)) * 2 / (right - left))
    return np.stack(columns, axis=1)


def test_the_spectrogram_equals_its_formula_and_frames_are_centred() -> None:
    model = tiny(norm_mean=-6.0, norm_std=3.0)
    grid = describe(model.config, Path(), None)
    encoder = M2dEncoder(model, grid, Path())
    samples = 0.05 * torch.randn(1, grid.samples)

    got = encoder.spectrogram(samples)[0].numpy()

    signal = samples[0].double().numpy()
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    frames = np.stack([signal[at : at + 400] for at in range(0, len(signal) - 399, 160)])
    power = np.abs(np.fft.rfft(frames * taper)) ** 2
    expected = np.log(power @ slaney_triangles(32, 50, 8000) + np.finfo(np.float32).eps).T
    assert got.shape == (32, 64)
    np.testing.assert_allclose(got, (expected + 6.0) / 3.0, atol=1e-3)
    assert (grid.hop, grid.lead, grid.samples) == (2560, 120, 3 * 2560 + 2800)


def test_patches_of_one_time_lie_side_by_side() -> None:
    model = tiny()
    grid = describe(model.config, Path(), None)
    encoder = M2dEncoder(model, grid, Path())
    samples = 0.05 * torch.randn(1, grid.samples)
    with torch.inference_mode():
        state = model(encoder.spectrogram(samples)).last_hidden_state[0]
        (tokens,) = encoder.hidden_states(samples, [2])
    assert grid.hidden == 32
    torch.testing.assert_close(tokens[0, 3], torch.cat([state[1 + 3], state[1 + 4 + 3]]))


def test_every_weight_learns() -> None:
    model = tiny().train()
    model(torch.randn(2, 32, 64)).last_hidden_state.square().mean(dim=1).std().backward()
    assert [name for name, weight in model.named_parameters() if weight.grad is None] == []
