import math
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers.audio_utils import mel_filter_bank, spectrogram, window_function

from heartfeat.backbones.architectures.microsoft_beats import MicrosoftBeatsConfig, MicrosoftBeatsModel
from heartfeat.backbones.microsoft_beats_encoder import MicrosoftBeatsEncoder, describe

from ..tiny_encoders import SIZES, TINY_BEATS
from .by_hand import (
    Weights,
    convolve,
    gelu,
    layer_norm,
    linear,
    sigmoid,
    softmax,
    unlike_at_birth,
    weights_of,
)

HEADS = SIZES["num_attention_heads"]


def tiny(**changes: object) -> MicrosoftBeatsModel:
    torch.manual_seed(0)
    return MicrosoftBeatsModel(MicrosoftBeatsConfig(**{**SIZES, **TINY_BEATS, **changes}))


def positions(patches: np.ndarray, weights: Weights) -> np.ndarray:
    """A grouped convolution over the order of patches, its kernel ``g v / |v|`` per tap (Salimans & Kingma 2016)."""
    length, direction = weights["position.length"], weights["position.direction"]
    norms = np.sqrt((direction**2).sum(axis=(0, 1)))
    kernel = length * direction / norms
    taps, per_group = kernel.shape[2], kernel.shape[1]
    groups = []
    for first in range(0, patches.shape[1], per_group):
        part = slice(first, first + per_group)
        groups.append(convolve(patches[:, part].T, kernel[part], 1, taps // 2)[:, : len(patches)])
    return gelu(np.concatenate(groups).T + weights["position.bias"])


def bias_of(query: int, key: int, weights: Weights, farthest: int) -> np.ndarray:
    """The bias per head of one pair of patches: exact for near ones, by the logarithm for far ones."""
    table = weights["distance.weight"]
    half = len(table) // 2
    near, distance = half // 2, abs(key - query)
    row = distance
    if distance >= near:
        far = near + int(math.log(distance / near) / math.log(farthest / near) * (half - near))
        row = min(far, half - 1)
    return table[row + half * (key > query)]


def attention(patches: np.ndarray, weights: Weights, at: str, farthest: int, gated: bool) -> np.ndarray:
    count = len(patches)
    bias = np.array([[bias_of(q, k, weights, farthest) for k in range(count)] for q in range(count)])
    queries, keys, values = (linear(patches, weights, f"{at}.{what}_proj") for what in "qkv")
    size = patches.shape[1] // HEADS
    mixed = []
    for head in range(HEADS):
        part = slice(head * size, (head + 1) * size)
        gate = np.ones(count)
        if gated:
            raw = linear(queries[:, part], weights, f"{at}.grep_linear")
            update, reset = sigmoid(raw[:, :4].sum(axis=1)), sigmoid(raw[:, 4:].sum(axis=1))
            gate = update * (reset * weights[f"{at}.grep_a"][0, head, 0, 0] - 1) + 2
        scores = queries[:, part] @ keys[:, part].T / math.sqrt(size) + gate[:, None] * bias[:, :, head]
        mixed.append(softmax(scores) @ values[:, part])
    return linear(np.concatenate(mixed, axis=1), weights, f"{at}.out_proj")


def by_formula(bank: np.ndarray, weights: Weights, config: MicrosoftBeatsConfig) -> list[np.ndarray]:
    """Hidden states of one ``(frames, bands)`` filter bank."""
    size = config.patch_size
    cut = [
        bank[t : t + size, f : f + size]
        for t in range(0, bank.shape[0], size)
        for f in range(0, bank.shape[1], size)
    ]
    patches = np.einsum("ntf,ctf->nc", np.stack(cut), weights["patch_embedding.weight"][:, 0])
    patches = layer_norm(patches + weights.get("patch_embedding.bias", 0.0), weights, "layer_norm")
    if config.embed_dim != config.hidden_size:
        patches = linear(patches, weights, "post_extract_proj")
    states = [layer_norm(patches + positions(patches, weights), weights, "encoder_norm")]
    weighed = (2 * config.num_hidden_layers) ** 0.25 if config.deep_norm else 1.0
    for i in range(config.num_hidden_layers):
        at, state = f"layers.{i}", states[-1]
        mixed = attention(state, weights, f"{at}.self_attn", config.max_distance, config.gated)
        state = layer_norm(weighed * state + mixed, weights, f"{at}.self_attn_layer_norm")
        inner = linear(gelu(linear(state, weights, f"{at}.fc1")), weights, f"{at}.fc2")
        states.append(layer_norm(weighed * state + inner, weights, f"{at}.final_layer_norm"))
    return states


@pytest.mark.parametrize(
    "changes",
    [{}, {"gated": False}, {"deep_norm": False}, {"embed_dim": 16, "patch_bias": True}, {"conv_pos": 7}],
    ids=["as published", "no gate", "plain sums", "same width", "odd kernel"],
)
def test_the_model_equals_its_formulas(changes: dict[str, object]) -> None:
    model = unlike_at_birth(tiny(**changes))
    bank = torch.randn(2, 80, 128)
    with torch.inference_mode():
        output = model(bank, output_hidden_states=True)

    expected = by_formula(bank[1].double().numpy(), weights_of(model), model.config)

    assert output.last_hidden_state.shape == (2, 5 * 8, 16)
    for got, state in zip(output.hidden_states, expected, strict=True):
        np.testing.assert_allclose(got[1], state, rtol=1e-4, atol=1e-5)
    assert torch.equal(output.hidden_states[-1], output.last_hidden_state)


def test_distances_fall_into_the_buckets_of_the_published_size() -> None:
    distance = MicrosoftBeatsModel(
        MicrosoftBeatsConfig(**{**SIZES, **TINY_BEATS, "num_buckets": 320, "max_distance": 800})
    ).distance
    found = distance.bucket(torch.tensor([0, 1, -1, 79, 80, -80, 799, 800, 5000, -5000])).tolist()
    assert found == [0, 161, 1, 239, 240, 80, 319, 319, 319, 159]


def test_the_filter_bank_equals_the_library_s_with_kaldi_s_numbers() -> None:
    model = tiny()
    grid = describe(model.config, Path(), 1.0)
    encoder = MicrosoftBeatsEncoder(model, grid, Path())
    samples = 0.05 * torch.randn(1, grid.samples)
    expected = spectrogram(
        samples[0].double().numpy() * 2**15,
        window_function(400, "povey", periodic=False),
        frame_length=400,
        hop_length=160,
        fft_length=512,
        power=2.0,
        center=False,
        preemphasis=0.97,
        mel_filters=mel_filter_bank(
            257, 128, 20, 8000, 16000, mel_scale="kaldi", triangularize_in_mel_space=True
        ),
        log_mel="log",
        mel_floor=1.192092955078125e-07,
        remove_dc_offset=True,
    ).T
    got = encoder.filter_bank(samples)[0]
    assert len(got) == 16 * grid.frames
    np.testing.assert_allclose(got, (expected - 15.41663) / (2 * 6.55582), atol=2e-3)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(encoder.filter_bank(samples)[0], got), (
            "the front end is computed in full precision"
        )


def test_every_weight_learns() -> None:
    model = tiny().train()
    model(torch.randn(2, 32, 128)).last_hidden_state.square().mean(dim=1).std().backward()
    assert [name for name, weight in model.named_parameters() if weight.grad is None] == []
