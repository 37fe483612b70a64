"""The selective state space of the blocks: transformers' Mamba-2 mixer, made quick for short sequences."""

import functools
import warnings
from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from transformers import Mamba2Config
from transformers.models.mamba2.modeling_mamba2 import Mamba2Mixer

CHUNK = 16
"""Tokens per chunk of the kernel: small chunks keep the quadratic part cheap at our sequence lengths."""

HEAD_DIM = 32
"""Channels that share one decay."""

EXPAND = 1
"""Inner channels per outer channel; the two directions and several scales already widen a block."""

PIECE = 64
"""Tokens per piece of our own scan: a crop of the default length is one piece."""


@functools.cache
def kernel() -> Callable[..., Tensor] | None:
    """mamba-ssm's scan, which takes tensors on a GPU only; None where it is not installed or, said once, broken."""
    try:
        from mamba_ssm.ops.triton.ssd_combined import mamba_chunk_scan_combined
    except ModuleNotFoundError:
        return None
    except Exception as error:  # noqa: BLE001 - built for another PyTorch or driver, it says all sorts of things
        warnings.warn(
            f"mamba-ssm does not load ({error}); scans run on PyTorch", RuntimeWarning, stacklevel=2
        )
        return None
    return cast(Callable[..., Tensor], mamba_chunk_scan_combined)


class Mixer(Mamba2Mixer):
    """A causal selective state space over ``(batch, tokens, width)``.

    Dao & Gu, "Transformers are SSMs", ICML 2024: per head, ``h_t = exp(dt_t A) h_{t-1} + dt_t B_t x_t`` and
    ``y_t = C_t h_t + D x_t``, with ``dt``, ``B`` and ``C`` computed from the input.

    Weights and their beginnings are transformers'. Its way through them is made for long texts; at our lengths ours
    takes half the time. The fused kernels of mamba-ssm are not used: they need causal-conv1d besides, and channels
    and strides in multiples of 8.

    Parameters
    ----------
    width, state
        Channels, a multiple of `HEAD_DIM`, and numbers that each of them remembers.
    """

    def __init__(self, width: int, state: int) -> None:
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
        super().__init__(config, layer_idx=0)

    def forward(self, tokens: Tensor) -> Tensor:
        """``(batch, tokens, width)`` in and out."""
        inner, state, heads = self.intermediate_size, self.ssm_state_size, self.num_heads
        gate, mixed, step = self.in_proj(tokens).split([inner, inner + 2 * state, heads], dim=-1)
        x, b, c = self._convolved(mixed).split([inner, state, state], dim=-1)
        y = self._scanned(x.unflatten(-1, (heads, -1)), step, b, c).flatten(2)
        return self.out_proj(self.norm(y, gate).to(tokens.dtype))

    def _convolved(self, mixed: Tensor) -> Tensor:
        """Every channel with its own last few tokens, as an image of height one whose channels are neighbours."""
        padded = nn.functional.pad(mixed, (0, 0, self.conv_kernel_size - 1, 0)).transpose(1, 2).unsqueeze(2)
        weight, bias = self.conv1d.weight.unsqueeze(2), self.conv1d.bias
        said = nn.functional.conv2d(padded, weight, bias, groups=self.conv_dim)
        return nn.functional.silu(said).squeeze(2).transpose(1, 2)

    def _scanned(self, x: Tensor, step: Tensor, b: Tensor, c: Tensor) -> Tensor:
        """``x`` ``(batch, tokens, heads, channels)``, ``step`` ``(batch, tokens, heads)``, ``b``, ``c`` ``(batch,
        tokens, state)`` to the shape of ``x``.
        """
        rate = -torch.exp(self.A_log.float())
        fast = kernel() if x.is_cuda else None
        if fast is None:
            positive = nn.functional.softplus(step.float() + self.dt_bias)
            return scan(x, positive, rate, b, c) + self.D[:, None] * x
        b, c, bias = b.unsqueeze(2), c.unsqueeze(2), self.dt_bias
        return fast(x, step, rate, b, c, CHUNK, D=self.D, dt_bias=bias, dt_softplus=True)


def scan(x: Tensor, step: Tensor, rate: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """The recurrence without ``D``, a piece of the sequence at a time, each as one product of matrices.

    Dao & Gu, section 3: token ``s`` adds ``(C_t . B_s) exp(A (dt_{s+1} + ... + dt_t)) dt_s x_s`` to token ``t``.

    Parameters
    ----------
    x
        ``(batch, tokens, heads, channels)``; what is returned has the same shape.
    step
        ``(batch, tokens, heads)``, positive: ``dt``.
    rate
        ``(heads,)``, negative: ``A``.
    b, c
        ``(batch, tokens, state)``.
    """
    said: list[Tensor] = []
    memory: Tensor | None = None
    pieces = zip(*(part.split(PIECE, dim=1) for part in (x, step, b, c)), strict=True)
    for x_here, step_here, b_here, c_here in pieces:
        fed = (x_here * step_here.unsqueeze(3)).transpose(1, 2)
        until = (step_here * rate).cumsum(1).transpose(1, 2)
        later = torch.ones(2 * until.shape[2:], dtype=torch.bool, device=x.device).triu(1)
        kept = (until.unsqueeze(3) - until.unsqueeze(2)).masked_fill(later, float("-inf")).exp()
        y = ((c_here @ b_here.transpose(1, 2)).unsqueeze(1) * kept) @ fed
        if memory is not None:
            y = y + (c_here.unsqueeze(1) @ memory) * until.exp().unsqueeze(3)
        said.append(y.transpose(1, 2))
        if len(said) * PIECE < x.shape[1]:
            added = (b_here.transpose(1, 2).unsqueeze(1) * kept[:, :, -1:]) @ fed
            memory = added if memory is None else added + until[:, :, -1:, None].exp() * memory
    return torch.cat(said, dim=1) if len(said) > 1 else said[0]
