"""PA-HCL, as its public training code writes it: SimCLR or MoCo around a ``cnn_mamba`` encoder."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from heartfeat.backbones.layouts.reading import Reading, count_of, needed, number
from heartfeat.errors import BackboneError

MARK = "cnn.layers.0.conv.weight"
"""A weight that every such encoder has, whatever stands before its name."""

QUEUE = re.compile(r"^queue(_ptr)?$")
HEAD = re.compile(r"projector|projection|proj_head|predictor")
CLASSIFIER = re.compile(r"^(classifier|head|fc)\b")
MOMENTUM = re.compile(r"momentum|encoder_k(ey)?\b|key_encoder|target|teacher|(?<![a-z])ema(?![a-z])")
"""What a name says its weight belongs to; a Mamba layer's own projections are in_proj, x_proj, dt_proj, out_proj."""

MIXER = re.compile(r"^(mamba\.layers\.\d+)\.(?:ssm|mamba)\.")
"""Where a Mamba layer keeps its state space; the names within are mamba-ssm's and transformers'."""

RATE = 2000
"""Sample rate where a file tells none (Hz)."""


def read(content: Mapping[Any, Any], weights: Mapping[str, Tensor]) -> Reading | None:
    """The encoder that is trained by gradients; None where this is another layout."""
    starts = [name.removesuffix(MARK) for name in weights if name.endswith(MARK)]
    used = [start for start in starts if not MOMENTUM.search(start)]
    if not starts:
        return None
    if len(used) != 1:
        raise BackboneError(f"it holds {len(used)} encoders ({', '.join(starts)}); keep one, named encoder.")
    others = [start for start in starts if start != used[0]]
    kept: dict[str, Tensor] = {}
    aside: Counter[str] = Counter()
    for name, weight in weights.items():
        # Where the encoder's names are bare, those of others begin like its own: with anything.
        inside = name.startswith(used[0]) and not any(name.startswith(start) for start in others)
        inner = name.removeprefix(used[0])
        what = _belongs_to(inner, inside)
        if what:
            aside[what] += 1
        else:
            kept[MIXER.sub(r"\1.mixer.", inner)] = weight
    rate = number(content, "config", "data", "sample_rate")
    remarks = () if rate else (f"its sample rate is taken to be {RATE} Hz, for it tells none",)
    config = {**_sizes(kept), "conv_strides": _strides(content, kept), "sampling_rate": rate or RATE}
    return Reading("cnn-mamba", config, kept, aside, remarks)


def _belongs_to(name: str, in_encoder: bool) -> str | None:
    """What a weight is of that is left aside; None of the encoder, or of nothing known."""
    if QUEUE.search(name):
        return "the queue"
    if HEAD.search(name):
        return "the projection heads"
    if CLASSIFIER.search(name):
        return "the classifier"
    return "the momentum encoder" if MOMENTUM.search(name) and not in_encoder else None


def _sizes(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    stages, layers = count_of(weights, "cnn.layers."), count_of(weights, "mamba.layers.")
    residual = "cnn.layers.1.conv1.weight" in weights
    names = [f"cnn.layers.{i}.conv{'1' if residual and i else ''}.weight" for i in range(stages)]
    convolutions = [needed(weights, name, 3) for name in names]
    states = needed(weights, "mamba.layers.0.mixer.A_log", 2)
    width = len(needed(weights, "mamba.norm_f.weight", 1))
    return {
        "conv_channels": [len(kernel) for kernel in convolutions],
        "conv_kernels": [kernel.shape[-1] for kernel in convolutions],
        "conv_residual": residual,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "state_size": states.shape[1],
        "expand": len(states) // width,
        "conv_kernel": needed(weights, "mamba.layers.0.mixer.conv1d.weight", 3).shape[-1],
        "time_step_rank": needed(weights, "mamba.layers.0.mixer.dt_proj.weight", 2).shape[1],
    }


def _strides(content: Mapping[Any, Any], weights: Mapping[str, Tensor]) -> list[int]:
    """Of each convolution, which weights do not tell: those of the file's settings, else 2."""
    count = count_of(weights, "cnn.layers.")
    settings = content.get("config")
    model = settings.get("model") if isinstance(settings, Mapping) else None
    told = model.get("cnn_strides") if isinstance(model, Mapping) else None
    if told is None:
        return [2] * count
    if (
        not isinstance(told, list | tuple)
        or len(told) != count
        or not all(stride in (1, 2, 4) for stride in told)
    ):
        raise BackboneError(
            f"its config.model.cnn_strides is {told!r}; expected one of 1, 2 and 4 per convolution"
        )
    return list(told)
