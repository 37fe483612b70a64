"""Which steps of Mamba-2 mixers run on the kernels of mamba-ssm, and which on PyTorch."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from transformers.models.mamba2 import modeling_mamba2

_SCAN = ("mamba2_chunk_scan",)

_CONVOLUTION = ("causal_conv1d_fn", "mamba2_split_conv1d_scan_combined")
"""These need causal-conv1d, which mamba-ssm does not bring along, and channels and strides in multiples of 8."""


@contextmanager
def _pytorch(names: tuple[str, ...]) -> Iterator[None]:
    """Within it, these functions are PyTorch's; transformers keeps what it wraps as ``__wrapped__``."""
    chosen = {name: getattr(modeling_mamba2, name) for name in names}
    for name, function in chosen.items():
        setattr(modeling_mamba2, name, getattr(function, "__wrapped__", function))
    try:
        yield
    finally:
        for name, function in chosen.items():
            setattr(modeling_mamba2, name, function)


def pytorch_only() -> AbstractContextManager[None]:
    """Within it, mixers run on PyTorch, be the kernels there or not.

    transformers takes the kernels wherever mamba-ssm can be imported, also for tensors on the CPU, which they
    cannot work on.
    """
    return _pytorch((*_CONVOLUTION, *_SCAN))


def scan_on_kernels() -> AbstractContextManager[None]:
    """Within it, the scan runs on mamba-ssm's kernel where that is there, the convolution before it on PyTorch."""
    return _pytorch(_CONVOLUTION)
