"""Checkpoint files as other projects write them, around tiny seeded encoders."""

import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .tiny_encoders import SIZES, TINY_BEATS, TINY_CNN_MAMBA

Weights = dict[str, Tensor]


def cnn_mamba(**changes: Any) -> nn.Module:
    from heartfeat.backbones.architectures.cnn_mamba import CnnMambaConfig, CnnMambaModel

    torch.manual_seed(0)
    return CnnMambaModel(CnnMambaConfig(**{**TINY_CNN_MAMBA, **changes})).eval()


def microsoft_beats() -> nn.Module:
    from heartfeat.backbones.architectures.microsoft_beats import MicrosoftBeatsConfig, MicrosoftBeatsModel

    torch.manual_seed(0)
    return MicrosoftBeatsModel(MicrosoftBeatsConfig(**SIZES, **TINY_BEATS)).eval()


def m2d() -> nn.Module:
    from heartfeat.backbones.architectures.m2d import M2dConfig, M2dModel

    torch.manual_seed(0)
    sizes = {**SIZES, "hidden_size": 128, "input_size": (80, 64)}
    return M2dModel(M2dConfig(**sizes)).eval()


def projector(name: str) -> Weights:
    """Linear, batch norm, ReLU, linear."""
    layers = nn.Sequential(nn.Linear(16, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 4))
    return {f"{name}.mlp.{key}": weight for key, weight in layers.state_dict().items()}


def pahcl_weights(model: nn.Module, before: str = "encoder.", mixer: str = "ssm") -> Weights:
    """The encoder's weights by the names of PA-HCL's training code."""
    return {before + key.replace(".mixer.", f".{mixer}."): value for key, value in model.state_dict().items()}


def simclr(model: nn.Module) -> Weights:
    return {**pahcl_weights(model), **projector("cycle_projector"), **projector("sub_projector")}


def moco(model: nn.Module) -> Weights:
    drifted = {key: value + 1 for key, value in pahcl_weights(model, "encoder_momentum.").items()}
    queue = {"queue": torch.randn(4, 32), "queue_ptr": torch.zeros(1, dtype=torch.long)}
    return {**simclr(model), **drifted, **projector("cycle_projector_momentum"), **queue}


POSITION = {
    "position.length": "encoder.pos_conv.0.weight_g",
    "position.direction": "encoder.pos_conv.0.weight_v",
    "position.bias": "encoder.pos_conv.0.bias",
}


def beats_content(model: nn.Module, fine_tuned: bool = False) -> dict[str, Any]:
    """``{"cfg": ..., "model": ...}`` as published; 527 classes and their labels where fine-tuned."""
    weights: Weights = {}
    for key, value in model.state_dict().items():
        if key == "distance.weight":
            for layer in range(SIZES["num_hidden_layers"]):
                weights[f"encoder.layers.{layer}.self_attn.relative_attention_bias.weight"] = value
            continue
        key = re.sub("^encoder_norm", "encoder.layer_norm", re.sub("^layers", "encoder.layers", key))
        weights[POSITION.get(key, key)] = value
    cfg = {
        "encoder_layers": 2,
        "encoder_embed_dim": 16,
        "encoder_ffn_embed_dim": 32,
        "encoder_attention_heads": 2,
        "activation_fn": "gelu",
        "layer_norm_first": False,
        "deep_norm": True,
        "relative_position_embedding": True,
        "num_buckets": 16,
        "max_distance": 20,
        "gru_rel_pos": True,
        "conv_pos": 8,
        "conv_pos_groups": 2,
        "conv_bias": False,
        "input_patch_size": 16,
        "embed_dim": 8,
        "finetuned_model": fine_tuned,
        "dropout": 0.1,
    }
    if not fine_tuned:
        return {"cfg": cfg, "model": weights}
    head = {"predictor.weight": torch.randn(5, 16), "predictor.bias": torch.zeros(5)}
    return {"cfg": cfg, "model": {**weights, **head}, "label_dict": {0: "/m/09x0r"}}


def m2d_weights(model: nn.Module, before: str = "") -> Weights:
    """Encoder, target encoder and decoder by the names of M2D's training code."""
    own = {before + key: value for key, value in model.state_dict().items()}
    target = {
        f"target_{key}": value + 1
        for key, value in model.state_dict().items()
        if key.startswith(("blocks", "norm"))
    }
    decoder = {
        "mask_token": torch.zeros(1, 1, 8),
        "decoder_embed.weight": torch.randn(8, 128),
        "decoder_embed.bias": torch.zeros(8),
        "decoder_pos_embed": torch.zeros(1, 21, 8),
        "decoder_blocks.0.norm1.weight": torch.ones(8),
    }
    return {**own, **target, **decoder}


def write(path: Path, content: Any) -> Path:
    torch.save(content, path)
    return path
