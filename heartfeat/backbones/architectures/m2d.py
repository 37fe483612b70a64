"""The encoder of M2D (Niizumi et al., "Masked Modeling Duo", ICASSP 2023): a vision transformer over log-mel patches.

Patches are read band by band, each over its whole time, behind one class token; positions are added, pre-norm
transformer blocks follow (Dosovitskiy et al. 2021). Weights keep the names of the published checkpoints.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers import initialization as init
from transformers.modeling_outputs import BaseModelOutput


class M2dConfig(PreTrainedConfig):
    """Sizes of an :class:`M2dModel`.

    Attributes
    ----------
    sampling_rate
        Of the audio behind the spectrogram (Hz): 16000, or 32000 with frames of the same duration.
    input_size
        Mel bands and frames of the longest input.
    patch_size
        Bands and frames of a patch.
    norm_mean, norm_std
        By which the spectrogram is normalised.
    hidden_size, num_hidden_layers, num_attention_heads, intermediate_size
        Of the transformer.
    layer_norm_epsilon
        Added to the variance.
    """

    model_type = "m2d"

    def __init__(
        self,
        sampling_rate: int = 16000,
        input_size: Sequence[int] = (80, 608),
        patch_size: Sequence[int] = (16, 16),
        norm_mean: float = -7.1,
        norm_std: float = 4.2,
        hidden_size: int = 768,
        num_hidden_layers: int = 12,
        num_attention_heads: int = 12,
        intermediate_size: int = 3072,
        layer_norm_epsilon: float = 1e-6,
        **kwargs: Any,  # noqa: ANN401 - what transformers keeps in every config
    ) -> None:
        self.sampling_rate = sampling_rate
        self.input_size, self.patch_size = list(input_size), list(patch_size)
        self.norm_mean, self.norm_std = norm_mean, norm_std
        self.hidden_size, self.num_hidden_layers = hidden_size, num_hidden_layers
        self.num_attention_heads, self.intermediate_size = num_attention_heads, intermediate_size
        self.layer_norm_epsilon = layer_norm_epsilon
        super().__init__(**kwargs)

    @property
    def grid(self) -> tuple[int, int]:
        """Patches over frequency and over time of the longest input."""
        bands, frames = (size // patch for size, patch in zip(self.input_size, self.patch_size, strict=True))
        return bands, frames


class Patches(nn.Module):
    """A linear map of each patch."""

    def __init__(self, config: M2dConfig) -> None:
        super().__init__()
        bands, frames = config.patch_size
        self.proj = nn.Conv2d(1, config.hidden_size, (bands, frames), stride=(bands, frames))

    def forward(self, spectrogram: Tensor) -> Tensor:
        """``(B, bands, frames)`` to ``(B, hidden, patches over frequency, patches over time)``."""
        return self.proj(spectrogram[:, None])


class Attention(nn.Module):
    """Self-attention with one map for queries, keys and values."""

    def __init__(self, config: M2dConfig) -> None:
        super().__init__()
        self.heads = config.num_attention_heads
        self.qkv = nn.Linear(config.hidden_size, 3 * config.hidden_size)
        self.proj = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, tokens: Tensor) -> Tensor:
        """``(B, tokens, hidden)`` in and out."""
        query, key, value = self.qkv(tokens).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(query, key, value)
        return self.proj(mixed.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    """Two linear maps."""

    def __init__(self, config: M2dConfig) -> None:
        super().__init__()
        self.fc1 = nn.Linear(config.hidden_size, config.intermediate_size)
        self.fc2 = nn.Linear(config.intermediate_size, config.hidden_size)

    def forward(self, tokens: Tensor) -> Tensor:
        """``(B, tokens, hidden)`` in and out."""
        return self.fc2(nn.functional.gelu(self.fc1(tokens)))


class Block(nn.Module):
    """Attention and feed-forward, each on the normed input and added to it."""

    def __init__(self, config: M2dConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_epsilon)
        self.attn = Attention(config)
        self.norm2 = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_epsilon)
        self.mlp = FeedForward(config)

    def forward(self, tokens: Tensor) -> Tensor:
        """``(B, tokens, hidden)`` in and out."""
        tokens = tokens + self.attn(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))


class M2dModel(PreTrainedModel):
    """Spectrogram in; a class token and patches out, all times of one band before the next."""

    config_class = M2dConfig
    base_model_prefix = "encoder"
    main_input_name = "input_values"

    def __init__(self, config: M2dConfig) -> None:
        super().__init__(config)
        bands, frames = config.grid
        self.patch_embed = Patches(config)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.hidden_size))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + bands * frames, config.hidden_size))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_hidden_layers))
        self.norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_epsilon)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if isinstance(module, M2dModel):
            init.normal_(module.cls_token, std=0.02)
            init.normal_(module.pos_embed, std=0.02)

    def forward(self, input_values: Tensor, output_hidden_states: bool = False) -> BaseModelOutput:
        """Encode.

        Parameters
        ----------
        input_values
            ``(B, bands, frames)`` normalised log-mel spectrogram, of whole patches and at most ``input_size``.

        Returns
        -------
        BaseModelOutput
            ``last_hidden_state`` ``(B, 1 + patches, hidden)`` after the last norm; ``hidden_states`` the input to
            the first block, after each, the last one normed.
        """
        patches = self.patch_embed(input_values)
        positions = self.pos_embed[:, 1:].unflatten(1, self.config.grid)[:, :, : patches.shape[-1]]
        patches = patches.flatten(2).transpose(1, 2) + positions.flatten(1, 2)
        first = (self.cls_token + self.pos_embed[:, :1]).expand(len(patches), -1, -1)
        states = [torch.cat([first, patches], dim=1)]
        for block in self.blocks:
            states.append(block(states[-1]))
        states[-1] = self.norm(states[-1])
        return BaseModelOutput(
            last_hidden_state=states[-1], hidden_states=tuple(states) if output_hidden_states else None
        )
