"""M2D, as NTT published it: a state dict, bare or as ``{"model": {...}}``, whole or reduced to its encoder."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from heartfeat.backbones.layouts.reading import Reading, count_of, needed, number
from heartfeat.errors import BackboneError

BEFORE = ("ar.runtime.backbone.", "backbone.")
"""What stands before the encoder's names after a fine-tuning or in a saved runtime."""

ASIDE = {
    "decoder": "the decoder",
    "mask_token": "the decoder",
    "target_": "the target encoder",
    "audio_proj.": "the projection to text",
    "text_proj.": "the projection to text",
    "head": "the classifier",
    "ar.runtime.to_spec.": "the spectrogram",
    "to_spec.": "the spectrogram",
}
"""How names begin, and what they are of."""

BANDS = 80
"""Mel bands of all published models."""

HEAD_WIDTH = 64
"""Numbers per attention head of all published models (12 heads at width 768)."""

RATES = (16000, 32000)
OLD_STATISTICS = (-7.1, 4.2)
"""Mean and spread of the spectrograms that models of 2022, which hold none, were trained on."""


def read(content: Mapping[Any, Any], weights: Mapping[str, Tensor]) -> Reading | None:
    """The encoder; None where this is another layout."""
    named = {_inner(name): weight for name, weight in weights.items()}
    ours = "norm_stats" in named or any(name.startswith("target_blocks.") for name in named)
    if not ours or "patch_embed.proj.weight" not in named:
        return None
    kept: dict[str, Tensor] = {}
    aside: Counter[str] = Counter()
    for name, weight in named.items():
        what = next((what for start, what in ASIDE.items() if name.startswith(start)), None)
        if what:
            aside[what] += 1
        elif name != "norm_stats":
            kept[name] = weight
    rate = number(content, "sample_rate")
    remarks = () if rate else (f"its sample rate is taken to be {RATES[0]} Hz, for it tells none",)
    mean, std = _statistics(named.get("norm_stats"))
    config = {**_sizes(kept), "norm_mean": mean, "norm_std": std, "sampling_rate": _rate(rate)}
    return Reading("m2d", config, kept, aside, remarks)


def _inner(name: str) -> str:
    return next((name.removeprefix(start) for start in BEFORE if name.startswith(start)), name)


def _rate(told: int | None) -> int:
    if told not in (None, *RATES):
        raise BackboneError(f"its sample_rate is {told}; M2D is known at {RATES[0]} and {RATES[1]} Hz")
    return told or RATES[0]


def _statistics(told: Tensor | None) -> tuple[float, float]:
    if told is None:
        return OLD_STATISTICS
    if told.shape != (2,):
        raise BackboneError(
            f"its norm_stats have the shape {tuple(told.shape)}; expected a mean and a spread"
        )
    # Rounded, for 4.2 in float32 is 4.199999809.
    mean, std = (float(f"{value:.6g}") for value in told.tolist())
    return mean, std


def _sizes(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    patch = needed(weights, "patch_embed.proj.weight", 4)
    width, channels, high, wide = patch.shape
    positions = needed(weights, "pos_embed", 3).shape[1] - 1
    bands = BANDS // high
    if channels != 1 or BANDS % high or width % HEAD_WIDTH or positions % bands:
        raise BackboneError(
            f"it has {positions} positions and patches of {channels} x {high} x {wide} at width {width}, which "
            f"do not make a spectrogram of {BANDS} bands"
        )
    return {
        "input_size": [BANDS, positions // bands * wide],
        "patch_size": [high, wide],
        "hidden_size": width,
        "num_hidden_layers": count_of(weights, "blocks."),
        "num_attention_heads": width // HEAD_WIDTH,
        "intermediate_size": len(needed(weights, "blocks.0.mlp.fc1.weight", 2)),
    }
