"""Mamba's selective state space: transformers' mixer, on its GPU kernels, or on a scan that CPUs can train with."""

import torch
from torch import Tensor, nn
from transformers.models.mamba.modeling_mamba import MambaMixer


def _kernels_load() -> bool:
    if not torch.cuda.is_available():
        return False
    try:
        import causal_conv1d  # noqa: F401
        import mamba_ssm.ops.selective_scan_interface  # noqa: F401
    except (ImportError, OSError, RuntimeError):
        # Built for another PyTorch, or for a driver that is not there: then they say all sorts of things.
        return False
    return True


KERNELS = _kernels_load()
"""Whether transformers finds the kernels of mamba-ssm and causal-conv1d, which work on GPUs only.

With half of them, or with one that does not load, it would fall back to a loop that is slower than ours.
"""


class SelectiveStateSpace(MambaMixer):
    """transformers' Mamba mixer with a PyTorch path of its own.

    The library's slices one array of all states per step, of which each costs its backward pass a copy of the whole:
    a training step over 16 x 0.8 s takes 25 s on one core, here less than one.
    """

    def forward(self, hidden_states: Tensor) -> Tensor:
        """``(B, frames, hidden)`` in and out."""
        if KERNELS and hidden_states.is_cuda:
            return super().forward(hidden_states)
        inner, gate = self.in_proj(hidden_states).chunk(2, dim=-1)
        # The convolution is padded on both sides; cut at the end it looks back only.
        inner = nn.functional.silu(self.conv1d(inner.transpose(1, 2))[..., : inner.shape[1]].transpose(1, 2))
        sizes = [self.time_step_rank, self.ssm_state_size, self.ssm_state_size]
        rate, reads, writes = self.x_proj(inner).split(sizes, dim=-1)
        step = nn.functional.softplus(self.dt_proj(rate).float())
        decay = -torch.exp(self.A_log.float())
        # As the kernels do it: states are kept in full precision whatever the precision around them.
        with torch.autocast(inner.device.type, enabled=False):
            scanned = selective_scan(inner.float(), step, decay, reads.float(), writes.float())
        scanned = scanned + self.D * inner
        return self.out_proj((scanned * nn.functional.silu(gate)).to(hidden_states.dtype))


def selective_scan(inputs: Tensor, step: Tensor, decay: Tensor, reads: Tensor, writes: Tensor) -> Tensor:
    """``h_t = exp(step_t decay) h_{t-1} + step_t B_t x_t``, ``y_t = C_t h_t`` (Gu & Dao 2023, section 3.2).

    Parameters
    ----------
    inputs, step
        ``(B, frames, channels)``: x, and how much time each frame stands for.
    decay
        ``(channels, state)``, negative.
    reads, writes
        ``(B, frames, state)``: B, by which the state takes in its input, and C, by which it gives its output.

    Returns
    -------
    torch.Tensor
        ``(B, frames, channels)``.
    """
    driven = (step * inputs)[..., None].unbind(1)
    state = inputs.new_zeros(len(inputs), *decay.shape)
    outputs = []
    rows = zip(
        driven,
        step[..., None].unbind(1),
        reads[:, :, None].unbind(1),
        writes[..., None].unbind(1),
        strict=True,
    )
    for drive, time, read, write in rows:
        # One step's numbers fit into the processor's cache; those of all steps would not.
        state = torch.addcmul(drive * read, torch.exp(time * decay), state)
        outputs.append((state @ write)[..., 0])
    return torch.stack(outputs, dim=1)
