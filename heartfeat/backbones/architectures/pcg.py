"""The encoder that heartfeat trains itself: a small transformer over patches of log-mel spectrograms."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput

from heartfeat.backbones.architectures.pcg_shape import PcgShape
from heartfeat.backbones.logmel import LogMel
from heartfeat.backbones.preprocessing import LEVEL_DBFS
from heartfeat.backbones.settings import LogMelSettings

LONGEST_PERIOD = 1000.0
"""Base of the rotary angles: the slowest pair of channels turns once in some 6,000 tokens."""


class PcgConfig(PreTrainedConfig):
    """The numbers of a :class:`PcgShape`, by name, as a config of transformers."""

    model_type = "heartfeat-pcg"

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - and whatever transformers writes into a config
        for number in fields(PcgShape):
            setattr(self, number.name, kwargs.pop(number.name, number.default))
        super().__init__(**kwargs)

    def logmel(self) -> LogMelSettings:
        """The front end as settings of a log-mel spectrogram."""
        return PcgShape(**{number.name: getattr(self, number.name) for number in fields(PcgShape)}).logmel()


class PcgModel(PreTrainedModel):
    """Patches of log-mel frames through pre-norm transformer blocks with rotary positions.

    A patch spans all bands of ``patch_frames`` frames. Positions are relative (Su et al., "RoFormer", 2021), so a
    window may have any length, and patches may be left out: that is how masked pretraining saves its work.
    """

    config_class = PcgConfig
    base_model_prefix = "pcg"
    main_input_name = "waveform"

    def __init__(self, config: PcgConfig) -> None:
        super().__init__(config)
        width = config.hidden_size
        hop = round(config.sample_rate / config.frame_rate)
        self.mel = LogMel(config.logmel(), 10 ** (LEVEL_DBFS / 10), hop)
        self.embed = nn.Linear(config.bands * config.patch_frames, width)
        self.blocks = nn.ModuleList(
            Block(width, config.num_attention_heads) for _ in range(config.num_hidden_layers)
        )
        self.norm = nn.LayerNorm(width)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.LayerNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)

    def patches(self, waveform: Tensor) -> Tensor:
        """``(B, samples)`` audio to ``(B, tokens, patch_frames x bands)`` normalised log-mel."""
        frames = (self.mel(waveform) - self.config.mean) / self.config.std
        tokens = frames.shape[1] // self.config.patch_frames
        return frames[:, : tokens * self.config.patch_frames].unflatten(1, (tokens, -1)).flatten(2)

    def encode(self, patches: Tensor, positions: Tensor | None = None) -> list[Tensor]:
        """All hidden states of patches that stand at ``positions``.

        Parameters
        ----------
        patches
            ``(B, n, patch_frames x bands)``, any selection of a window's patches.
        positions
            ``(B, n)`` number of each patch in its window; None where all are there, in order.

        Returns
        -------
        list of Tensor
            ``num_hidden_layers + 1`` times ``(B, n, hidden_size)``: the input of the first block, then the output
            of each, the last one normalised.
        """
        if positions is None:
            positions = torch.arange(patches.shape[1], device=patches.device).expand(patches.shape[:2])
        state = self.embed(patches)
        angles = rotary_angles(positions, self.config.hidden_size // self.config.num_attention_heads)
        states = [state]
        for block in self.blocks:
            state = block(state, angles)
            states.append(state)
        states[-1] = self.norm(state)
        return states

    def forward(
        self,
        waveform: Tensor,
        output_hidden_states: bool = False,
        **_: Any,  # noqa: ANN401 - transformers' generic arguments
    ) -> BaseModelOutput:
        """``(B, samples)`` audio to ``last_hidden_state`` ``(B, tokens, hidden_size)``."""
        states = self.encode(self.patches(waveform))
        return BaseModelOutput(
            last_hidden_state=states[-1], hidden_states=tuple(states) if output_hidden_states else None
        )


class Block(nn.Module):
    """Self-attention and a two-layer perceptron, each behind a norm and beside a residual path."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp_norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor, angles: tuple[Tensor, Tensor]) -> Tensor:
        """``(B, n, width)`` in and out."""
        queries, keys, values = (
            self.qkv(self.attention_norm(tokens)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        )
        looked = scaled_dot_product_attention(rotate(queries, angles), rotate(keys, angles), values)
        tokens = tokens + self.out(looked.transpose(1, 2).flatten(2))
        return tokens + self.down(gelu(self.up(self.mlp_norm(tokens))))


def rotary_angles(positions: Tensor, channels: int) -> tuple[Tensor, Tensor]:
    """Cosine and sine of each position's angles, both ``(B, 1, n, channels / 2)``."""
    pairs = channels // 2
    speeds = LONGEST_PERIOD ** (-torch.arange(pairs, device=positions.device, dtype=torch.float32) / pairs)
    angles = positions[:, None, :, None].float() * speeds
    return angles.cos(), angles.sin()


def rotate(channels: Tensor, angles: tuple[Tensor, Tensor]) -> Tensor:
    """Turn each pair of channels of ``(B, heads, n, channels)`` by its angle."""
    cosine, sine = angles
    first, second = channels.chunk(2, dim=-1)
    turned = torch.cat([first * cosine - second * sine, first * sine + second * cosine], dim=-1)
    return turned.to(channels.dtype)
