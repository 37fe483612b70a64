from pathlib import Path

import numpy as np
import pytest
import torch

from heartfeat.backbones.architectures.pcg import LONGEST_PERIOD, PcgConfig, PcgModel

from ..tiny_encoders import TINY_PCG
from .by_hand import Weights, gelu, linear, unlike_at_birth, weights_of


def tiny(**changes: object) -> PcgModel:
    torch.manual_seed(0)
    model = PcgModel(PcgConfig(**{**TINY_PCG, **changes}))
    front_end = {name: numbers.clone() for name, numbers in model.mel.state_dict().items()}
    unlike_at_birth(model).mel.load_state_dict(front_end)
    return model.eval()


def norm(values: np.ndarray, weights: Weights, name: str) -> np.ndarray:
    centred = values - values.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def turned(channels: np.ndarray, position: int) -> np.ndarray:
    """Each pair of channels of one head as a complex number, turned by the position's angle."""
    pairs = len(channels) // 2
    angles = position * LONGEST_PERIOD ** (-np.arange(pairs) / pairs)
    numbers = (channels[:pairs] + 1j * channels[pairs:]) * np.exp(1j * angles)
    return np.concatenate([numbers.real, numbers.imag])


def block(tokens: np.ndarray, positions: list[int], weights: Weights, name: str, heads: int) -> np.ndarray:
    parts = linear(norm(tokens, weights, f"{name}.attention_norm"), weights, f"{name}.qkv")
    queries, keys, values = parts.reshape(len(tokens), 3, heads, -1).transpose(1, 2, 0, 3)
    looked = []
    for head in range(heads):
        turned_q, turned_k = (
            np.stack([turned(one, position) for one, position in zip(rows[head], positions, strict=True)])
            for rows in (queries, keys)
        )
        logits = turned_q @ turned_k.T / np.sqrt(turned_q.shape[1])
        share = np.exp(logits - logits.max(axis=1, keepdims=True))
        looked.append(share / share.sum(axis=1, keepdims=True) @ values[head])
    tokens = tokens + linear(np.concatenate(looked, axis=1), weights, f"{name}.out")
    inner = gelu(linear(norm(tokens, weights, f"{name}.mlp_norm"), weights, f"{name}.up"))
    return tokens + linear(inner, weights, f"{name}.down")


def test_the_hidden_states_equal_their_formulas_step_by_step() -> None:
    model, positions = tiny(), [0, 2, 3, 9]
    weights, patches = weights_of(model), torch.randn(2, 4, 32)
    with torch.inference_mode():
        states = model.encode(patches, torch.tensor([[5, 6, 7, 8], positions]))
    expected = [linear(patches[1].double().numpy(), weights, "embed")]
    for i in range(2):
        expected.append(block(expected[-1], positions, weights, f"blocks.{i}", heads=2))
    expected[-1] = norm(expected[-1], weights, "norm")
    assert len(states) == 3
    for got, one in zip(states, expected, strict=True):
        np.testing.assert_allclose(got[1], one, rtol=1e-4, atol=1e-4)


def test_positions_are_relative() -> None:
    model, patches = tiny(), torch.randn(1, 5, 32)
    at = torch.tensor([[0, 1, 4, 5, 9]])
    near, far = (model.encode(patches, at + shift)[-1] for shift in (0, 130))
    torch.testing.assert_close(near, far, rtol=1e-3, atol=1e-3)
    apart = model.encode(patches, at * 2)[-1]
    assert (apart - near).abs().max() > 0.01


def test_dropped_patches_leave_the_others_where_they_stand() -> None:
    model, patches = tiny(), torch.randn(1, 6, 32)
    whole = model.encode(patches)[-1]
    torch.testing.assert_close(model.encode(patches, torch.arange(6)[None])[-1], whole)
    kept = torch.tensor([[0, 3, 4]])
    part = model.encode(patches[:, kept[0]], kept)[-1]
    assert part.shape == (1, 3, 16)
    assert (model.encode(patches[:, kept[0]])[-1] - part).abs().max() > 0.01
    # In whatever order they come.
    order = torch.tensor([2, 0, 1])
    mixed = model.encode(patches[:, kept[0, order]], kept[:, order])[-1]
    torch.testing.assert_close(mixed, part[:, order])


@pytest.mark.parametrize("patch_frames", [1, 3, 4])
def test_a_patch_is_its_frames_normalised(patch_frames: int) -> None:
    model = tiny(patch_frames=patch_frames, mean=-3.0, std=2.0)
    waveform = 0.05 * torch.randn(2, 1000)
    frames = (model.mel(waveform) + 3) / 2
    patches = model.patches(waveform)
    assert patches.shape == (2, frames.shape[1] // patch_frames, patch_frames * 8)
    torch.testing.assert_close(patches[:, 1], frames[:, patch_frames : 2 * patch_frames].flatten(1))


def test_every_weight_learns() -> None:
    model = tiny().train()
    model(0.05 * torch.randn(2, 1000)).last_hidden_state.square().mean().backward()
    assert all(weight.grad.abs().sum() > 0 for weight in model.parameters())


def test_what_was_saved_is_what_is_loaded(tmp_path: Path) -> None:
    model = tiny(mean=-2.5, std=1.5)
    model.save_pretrained(tmp_path)
    loaded = PcgModel.from_pretrained(tmp_path).eval()
    waveform = 0.05 * torch.randn(1, 1000)
    assert torch.equal(loaded(waveform).last_hidden_state, model(waveform).last_hidden_state)
    assert (loaded.config.mean, loaded.config.std) == (-2.5, 1.5)
