"""Small sounds, encoders and settings for pretraining."""

from typing import Any

import numpy as np
import torch

from heartfeat.pretraining.crops import CropDrawer, Pairs
from heartfeat.pretraining.encoders import crop_grid, new_config, new_encoder
from heartfeat.pretraining.settings import (
    CnnMambaEncoderSettings,
    CropSettings,
    EncoderSettings,
    PcgEncoderSettings,
    PretrainSettings,
)
from heartfeat.pretraining.sounds import Sounds, Source

RATE = 2000
CYCLE = np.repeat([1, 2, 3, 4], [6, 10, 5, 19])
"""States of one heart cycle of 0.8 s, 50 a second."""

PCG = {"architecture": "pcg", "bands": 8, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
CNN_MAMBA = {"architecture": "cnn_mamba", "hidden_size": 16, "num_hidden_layers": 1, "state_size": 4}
ENCODERS: dict[str, EncoderSettings] = {
    "pcg": PcgEncoderSettings.model_validate(PCG),
    "cnn_mamba": CnnMambaEncoderSettings.model_validate(CNN_MAMBA),
}


def make_sounds(people: int = 6, each: int = 2, seconds: float = 3.0, kind: str = "noise") -> Sounds:
    """Recordings of ``seconds`` and a little more each; ``kind`` is noise, or states: samples are their state."""
    rng = np.random.default_rng(0)
    sources, samples, states = [], [], []
    for person in range(people):
        for site in range(each):
            frames = round(seconds * 50) + len(sources)
            own = np.resize(np.roll(CYCLE, -3 * len(sources)), frames).astype(np.uint8)
            loud = np.repeat(own, RATE // 50).astype(np.float32)
            noise = rng.standard_normal(len(loud)) * (0.02 + 0.02 * (loud % 2)) * (1 + person)
            samples.append((loud if kind == "states" else noise).astype(np.float16))
            states.append(own)
            sources.append(Source("c", f"p{person}", f"p{person}", f"p{person}_{site}", "nowhere.wav"))
    return Sounds(
        tuple(sources),
        np.concatenate(samples),
        np.cumsum([0, *map(len, samples)]),
        np.concatenate(states),
        np.cumsum([0, *map(len, states)]),
        RATE,
        {},
    )


def make_encoder(name: str = "pcg", sounds: Sounds | None = None) -> Any:
    torch.manual_seed(0)
    return new_encoder(new_config(ENCODERS[name]), sounds or make_sounds())


def make_drawer(sounds: Sounds, name: str = "pcg", device: str = "cpu", **crops: Any) -> CropDrawer:
    settings = CropSettings.model_validate({"seconds": 1.0, **crops})
    grid = crop_grid(new_config(ENCODERS[name]), settings.seconds)
    return CropDrawer(sounds, np.arange(len(sounds)), settings, grid, device)


def make_batch(count: int = 5, name: str = "pcg", seed: int = 0, sounds: Sounds | None = None) -> Pairs:
    drawer = make_drawer(sounds or make_sounds(), name)
    return drawer(count, np.random.default_rng(seed))


def make_settings(encoder: dict[str, Any] = PCG, **changes: Any) -> PretrainSettings:
    tree = {
        "data": [{"path": "nowhere", "name": "c"}],
        "encoder": encoder,
        "objectives": [{"kind": "masked", "decoder_size": 16}, {"kind": "contrast", "projection": 16}],
        "crops": {"seconds": 0.8},
        "steps": 7,
        "batch": 3,
        "held_out": 0.4,
        "probe_every": 4,
        "keep_every": 3,
    }
    return PretrainSettings.model_validate({**tree, **changes})
