"""BEATs, as Microsoft published it: ``{"cfg": {...}, "model": {...}}``, fine-tuned ones with a predictor."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from heartfeat.backbones.layouts.reading import Reading, count_of, needed, number
from heartfeat.errors import BackboneError

MARK = "encoder.pos_conv.0.bias"

BIAS = re.compile(r"^encoder\.layers\.(\d+)\.self_attn\.relative_attention_bias\.weight$")
"""One and the same weight, written once per layer."""

RENAMED = {
    "encoder.pos_conv.0.weight_g": "position.length",
    "encoder.pos_conv.0.weight_v": "position.direction",
    "encoder.pos_conv.0.parametrizations.weight.original0": "position.length",
    "encoder.pos_conv.0.parametrizations.weight.original1": "position.direction",
    "encoder.pos_conv.0.bias": "position.bias",
    "encoder.layer_norm.weight": "encoder_norm.weight",
    "encoder.layer_norm.bias": "encoder_norm.bias",
}

FIXED = {"layer_norm_first": False, "relative_position_embedding": True, "activation_fn": "gelu"}
"""What all published models share, and our architecture has no other way for."""


def read(content: Mapping[Any, Any], weights: Mapping[str, Tensor]) -> Reading | None:
    """The encoder; None where this is another layout."""
    if MARK not in weights:
        return None
    kept: dict[str, Tensor] = {}
    aside: Counter[str] = Counter()
    for name, weight in weights.items():
        copy = BIAS.match(name)
        if name.startswith("predictor."):
            aside["the predictor"] += 1
        elif copy and copy[1] != "0":
            aside["the distance bias, written once per layer"] += 1
        else:
            kept["distance.weight" if copy else _renamed(name)] = weight
    _same_everywhere(weights)
    return Reading("microsoft-beats", {**_sizes(kept), **_settings(content.get("cfg"))}, kept, aside)


def _renamed(name: str) -> str:
    return RENAMED.get(name) or re.sub(r"^encoder\.layers\.", "layers.", name)


def _same_everywhere(weights: Mapping[str, Tensor]) -> None:
    copies = [weight for name, weight in weights.items() if BIAS.match(name)]
    if any(not torch.equal(copy, copies[0]) for copy in copies[1:]):
        raise BackboneError("its layers have distance biases of their own, and BEATs shares one")


def _sizes(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    patches = needed(weights, "patch_embedding.weight", 4)
    width, per_group, taps = needed(weights, "position.direction", 3).shape
    buckets, heads = needed(weights, "distance.weight", 2).shape
    return {
        "patch_size": patches.shape[-1],
        "embed_dim": len(patches),
        "patch_bias": "patch_embedding.bias" in weights,
        "hidden_size": width,
        "num_hidden_layers": count_of(weights, "layers."),
        "num_attention_heads": heads,
        "intermediate_size": len(needed(weights, "layers.0.fc1.weight", 2)),
        "conv_pos": taps,
        "conv_pos_groups": width // per_group,
        "num_buckets": buckets,
        "gated": "layers.0.self_attn.grep_a" in weights,
    }


def _settings(settings: object) -> dict[str, Any]:
    """What weights do not tell."""
    if not isinstance(settings, Mapping):
        raise BackboneError(
            "it lacks the settings that BEATs checkpoints hold as 'cfg', a dict of plain numbers"
        )
    distance = number(settings, "max_distance")
    if distance is None:
        raise BackboneError("its settings 'cfg' lack the number max_distance")
    for name, value in FIXED.items():
        if settings.get(name) != value:
            raise BackboneError(f"its setting {name} is {settings.get(name)!r}; only {value!r} is known")
    return {"max_distance": distance, "deep_norm": bool(settings.get("deep_norm"))}
