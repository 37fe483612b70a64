"""Bidirectional Mamba-2 at several time scales."""

import logging

import torch
from torch import Tensor, nn
from transformers import Mamba2Config
from transformers.models.mamba2.modeling_mamba2 import Mamba2Mixer

from heartfeat.heads.mamba.kernels import pytorch_only, scan_on_kernels

CHUNK = 16
"""Tokens per chunk of the scan: small chunks keep the quadratic part cheap at our sequence lengths."""

HEAD_DIM = 32
"""Channels that share one decay."""

EXPAND = 1
"""Inner channels per outer channel; the two directions and several scales already widen a block."""

FALLING_BACK = "is falling back to its reference PyTorch implementation"


def _worth_saying(record: logging.LogRecord) -> bool:
    """Whether to let a message of transformers through: without a GPU the kernels it misses would be no use."""
    return torch.cuda.is_available() or FALLING_BACK not in record.getMessage()


logging.getLogger("transformers.integrations.hub_kernels").addFilter(_worth_saying)


def mixer(width: int, state: int) -> Mamba2Mixer:
    """A causal selective state space over ``(batch, tokens, width)``.

    Dao & Gu, "Transformers are SSMs", ICML 2024: per head, ``h_t = exp(dt_t A) h_{t-1} + dt_t B_t x_t`` and
    ``y_t = C_t h_t + D x_t``, with ``dt``, ``B`` and ``C`` computed from the input.
    """
    config = Mamba2Config(
        hidden_size=width,
        state_size=state,
        expand=EXPAND,
        head_dim=HEAD_DIM,
        num_heads=EXPAND * width // HEAD_DIM,
        n_groups=1,
        num_hidden_layers=1,
        chunk_size=CHUNK,
    )
    return Mamba2Mixer(config, layer_idx=0)


class BidirectionalMamba(nn.Module):
    """One mixer run forward and backward in time, its two outputs joined by a linear map.

    Both directions share weights and one call: at our sizes the number of calls, not of operations, takes the
    time. The linear map tells past from future.
    """

    def __init__(self, width: int, state: int) -> None:
        super().__init__()
        self.mixer = mixer(width, state)
        self.join = nn.Linear(2 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """``(batch, tokens, width)`` in and out."""
        with scan_on_kernels() if tokens.is_cuda else pytorch_only():
            ahead, back = self.mixer(torch.cat([tokens, tokens.flip(1)])).chunk(2)
        return self.join(torch.cat([ahead, back.flip(1)], dim=-1))


class MultiScaleBlock(nn.Module):
    """Residual block whose branches see the sequence at several token rates.

    A branch of scale ``s`` averages ``s`` neighbouring tokens, runs a bidirectional mixer over the shorter
    sequence and repeats its output; a gate computed from the input weighs the branches per token and channel.
    """

    def __init__(self, width: int, state: int, scales: tuple[int, ...], dropout: float) -> None:
        super().__init__()
        self.scales = scales
        self.norm = nn.LayerNorm(width)
        self.branches = nn.ModuleList(BidirectionalMamba(width, state) for _ in scales)
        self.gate = nn.Linear(width, width * len(scales))
        self.dropout = nn.Dropout(dropout)
        # Starting almost as the identity lets the stem learn first (LayerScale, Touvron et al. 2021).
        self.scale = nn.Parameter(torch.full((width,), 0.1))

    def forward(self, tokens: Tensor) -> Tensor:
        """``(batch, tokens, width)`` in and out."""
        normal = self.norm(tokens)
        gates = torch.sigmoid(self.gate(normal)).chunk(len(self.scales), dim=-1)
        mixed = torch.zeros_like(tokens)
        for scale, branch, gate in zip(self.scales, self.branches, gates, strict=True):
            mixed = mixed + gate * stretch(branch(shrink(normal, scale)), scale, tokens.shape[1])
        return tokens + self.scale * self.dropout(mixed)


def shrink(tokens: Tensor, scale: int) -> Tensor:
    """Means of ``scale`` neighbouring tokens; a last group may be shorter."""
    if scale == 1:
        return tokens
    pooled = nn.functional.avg_pool1d(tokens.transpose(1, 2), scale, ceil_mode=True, count_include_pad=False)
    return pooled.transpose(1, 2)


def stretch(tokens: Tensor, scale: int, length: int) -> Tensor:
    """Every token ``scale`` times, cut to ``length``."""
    return tokens if scale == 1 else tokens.repeat_interleave(scale, dim=1)[:, :length]
