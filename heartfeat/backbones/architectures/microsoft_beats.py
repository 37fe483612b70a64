"""The encoder of BEATs (Chen et al., "BEATs: Audio Pre-Training with Acoustic Tokenizers", 2022).

A filter-bank image is cut into square patches, read time step by time step and band by band. A transformer sees
them with a convolution over their order and, in every layer, a learned bias for the distance between two patches,
which each query scales by a gate of its own (Chi et al. 2022). Residuals are weighed as in DeepNorm (Wang et al.
2022), so norms come after the sums. Weights keep the names of the published checkpoints where ours mean the same.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers import initialization as init
from transformers.modeling_outputs import BaseModelOutput

GATE_PARTS = 4
"""Numbers that are summed into each of a gate's two halves."""


class MicrosoftBeatsConfig(PreTrainedConfig):
    """Sizes of a :class:`MicrosoftBeatsModel`.

    Attributes
    ----------
    sampling_rate
        Of the audio behind the filter bank (Hz).
    num_mel_bins, patch_size
        Bands of the filter bank, and frames and bands of a patch.
    fbank_mean, fbank_std
        By which the filter bank is normalised: minus the mean, over twice the spread.
    embed_dim, patch_bias
        Width of a patch's embedding, and whether a bias is added to it.
    hidden_size, num_hidden_layers, num_attention_heads, intermediate_size
        Of the transformer.
    conv_pos, conv_pos_groups
        Patches under the convolution over the order of patches, and its groups.
    num_buckets, max_distance
        Of the bias for distances: buckets for both directions, and the distance from which on all are alike.
    gated
        Whether queries scale that bias.
    deep_norm
        Whether residuals are weighed by ``(2 x layers) ** 0.25``.
    """

    model_type = "microsoft-beats"

    def __init__(
        self,
        sampling_rate: int = 16000,
        num_mel_bins: int = 128,
        patch_size: int = 16,
        fbank_mean: float = 15.41663,
        fbank_std: float = 6.55582,
        embed_dim: int = 512,
        patch_bias: bool = False,
        hidden_size: int = 768,
        num_hidden_layers: int = 12,
        num_attention_heads: int = 12,
        intermediate_size: int = 3072,
        conv_pos: int = 128,
        conv_pos_groups: int = 16,
        num_buckets: int = 320,
        max_distance: int = 800,
        gated: bool = True,
        deep_norm: bool = True,
        **kwargs: Any,  # noqa: ANN401 - what transformers keeps in every config
    ) -> None:
        self.sampling_rate, self.num_mel_bins, self.patch_size = sampling_rate, num_mel_bins, patch_size
        self.fbank_mean, self.fbank_std = fbank_mean, fbank_std
        self.embed_dim, self.patch_bias = embed_dim, patch_bias
        self.hidden_size, self.num_hidden_layers = hidden_size, num_hidden_layers
        self.num_attention_heads, self.intermediate_size = num_attention_heads, intermediate_size
        self.conv_pos, self.conv_pos_groups = conv_pos, conv_pos_groups
        self.num_buckets, self.max_distance = num_buckets, max_distance
        self.gated, self.deep_norm = gated, deep_norm
        super().__init__(**kwargs)


class PositionConvolution(nn.Module):
    """A convolution over the order of patches, its kernel kept as direction and length per tap."""

    def __init__(self, config: MicrosoftBeatsConfig) -> None:
        super().__init__()
        self.taps, self.groups = config.conv_pos, config.conv_pos_groups
        width = config.hidden_size
        self.length = nn.Parameter(torch.ones(1, 1, self.taps))
        self.direction = nn.Parameter(torch.empty(width, width // self.groups, self.taps))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, patches: Tensor) -> Tensor:
        """``(B, patches, hidden)`` in and out."""
        kernel = self.length * self.direction / self.direction.norm(dim=(0, 1), keepdim=True)
        moved = nn.functional.conv1d(
            patches.transpose(1, 2), kernel, self.bias, padding=self.taps // 2, groups=self.groups
        )
        # An even kernel gives one patch too many at the end.
        return nn.functional.gelu(moved[..., : patches.shape[1]]).transpose(1, 2)


class DistanceBias(nn.Module):
    """A learned number per head and distance; far distances share theirs, more of them the farther they are."""

    def __init__(self, config: MicrosoftBeatsConfig) -> None:
        super().__init__()
        self.buckets, self.farthest = config.num_buckets // 2, config.max_distance
        self.weight = nn.Parameter(torch.empty(config.num_buckets, config.num_attention_heads))

    def bucket(self, distance: Tensor) -> Tensor:
        """Row of ``weight`` for key position minus query position (T5, Raffel et al. 2020, section 2.1).

        The nearer half of a direction's buckets hold one distance each, the other half grow logarithmically up to
        ``max_distance``. Distances ahead of the query use the second half of all buckets.
        """
        near, size = self.buckets // 2, distance.abs()
        share = torch.log(size.clamp(min=1).float() / near) / math.log(self.farthest / near)
        far = (near + (share * (self.buckets - near)).long()).clamp(max=self.buckets - 1)
        return torch.where(size < near, size, far) + self.buckets * (distance > 0)

    def forward(self, patches: int) -> Tensor:
        """``(heads, patches, patches)``."""
        order = torch.arange(patches, device=self.weight.device)
        return self.weight[self.bucket(order[None, :] - order[:, None])].permute(2, 0, 1)


class GatedAttention(nn.Module):
    """Self-attention whose bias for distances each query scales."""

    def __init__(self, config: MicrosoftBeatsConfig) -> None:
        super().__init__()
        width, self.heads = config.hidden_size, config.num_attention_heads
        self.q_proj, self.k_proj = nn.Linear(width, width), nn.Linear(width, width)
        self.v_proj, self.out_proj = nn.Linear(width, width), nn.Linear(width, width)
        self.gated = config.gated
        if self.gated:
            self.grep_linear = nn.Linear(width // self.heads, 2 * GATE_PARTS)
            self.grep_a = nn.Parameter(torch.ones(1, self.heads, 1, 1))

    def gate(self, query: Tensor) -> Tensor:
        """``(B, heads, patches, head)`` queries to ``(B, heads, patches, 1)`` factors of the bias.

        With ``u`` and ``r`` the two halves of a gate (sigmoids of sums) and ``a`` learned per head, the factor is
        ``u (r a - 1) + 2``.
        """
        halves = torch.sigmoid(self.grep_linear(query).unflatten(-1, (2, GATE_PARTS)).sum(dim=-1))
        update, reset = halves.chunk(2, dim=-1)
        return update * (reset * self.grep_a - 1) + 2

    def forward(self, patches: Tensor, bias: Tensor) -> Tensor:
        """``(B, patches, hidden)`` in and out, with a ``(heads, patches, patches)`` bias."""
        query, key, value = (
            project(patches).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        scaled = self.gate(query) * bias if self.gated else bias[None]
        mixed = nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=scaled.to(query.dtype).expand(len(query), -1, -1, -1)
        )
        return self.out_proj(mixed.transpose(1, 2).flatten(2))


class BeatsLayer(nn.Module):
    """Attention and two linear maps, each added to its weighed input and normed."""

    def __init__(self, config: MicrosoftBeatsConfig) -> None:
        super().__init__()
        self.weighed = (2 * config.num_hidden_layers) ** 0.25 if config.deep_norm else 1.0
        self.self_attn = GatedAttention(config)
        self.self_attn_layer_norm = nn.LayerNorm(config.hidden_size)
        self.fc1 = nn.Linear(config.hidden_size, config.intermediate_size)
        self.fc2 = nn.Linear(config.intermediate_size, config.hidden_size)
        self.final_layer_norm = nn.LayerNorm(config.hidden_size)

    def forward(self, patches: Tensor, bias: Tensor) -> Tensor:
        """``(B, patches, hidden)`` in and out."""
        patches = self.self_attn_layer_norm(self.weighed * patches + self.self_attn(patches, bias))
        inner = self.fc2(nn.functional.gelu(self.fc1(patches)))
        return self.final_layer_norm(self.weighed * patches + inner)


class MicrosoftBeatsModel(PreTrainedModel):
    """Filter bank in, patches out, all bands of one time step before the next."""

    config_class = MicrosoftBeatsConfig
    base_model_prefix = "encoder"
    main_input_name = "input_values"

    def __init__(self, config: MicrosoftBeatsConfig) -> None:
        super().__init__(config)
        size, width = config.patch_size, config.hidden_size
        self.patch_embedding = nn.Conv2d(1, config.embed_dim, size, stride=size, bias=config.patch_bias)
        self.layer_norm = nn.LayerNorm(config.embed_dim)
        same = config.embed_dim == width
        self.post_extract_proj = nn.Identity() if same else nn.Linear(config.embed_dim, width)
        self.position = PositionConvolution(config)
        self.distance = DistanceBias(config)
        self.encoder_norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(BeatsLayer(config) for _ in range(config.num_hidden_layers))
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if isinstance(module, PositionConvolution):
            init.ones_(module.length)
            init.normal_(module.direction)
            init.zeros_(module.bias)
        elif isinstance(module, DistanceBias):
            init.normal_(module.weight, std=0.02)
        elif isinstance(module, GatedAttention) and module.gated:
            init.ones_(module.grep_a)

    def forward(self, input_values: Tensor, output_hidden_states: bool = False) -> BaseModelOutput:
        """Encode.

        Parameters
        ----------
        input_values
            ``(B, frames, bands)`` normalised filter bank.

        Returns
        -------
        BaseModelOutput
            ``last_hidden_state`` ``(B, frames / patch x bands / patch, hidden)``; ``hidden_states`` the input to
            the first layer, then after each.
        """
        patches = self.patch_embedding(input_values[:, None]).flatten(2).transpose(1, 2)
        patches = self.post_extract_proj(self.layer_norm(patches))
        states = [self.encoder_norm(patches + self.position(patches))]
        bias = self.distance(patches.shape[1])
        for layer in self.layers:
            states.append(layer(states[-1], bias))
        return BaseModelOutput(
            last_hidden_state=states[-1], hidden_states=tuple(states) if output_hidden_states else None
        )
