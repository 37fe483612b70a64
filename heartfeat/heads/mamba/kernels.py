"""Whether Mamba-2 mixers run on the kernels of mamba-ssm or on PyTorch."""

from collections.abc import Iterator
from contextlib import contextmanager

from transformers.models.mamba2 import modeling_mamba2

_FUNCTIONS = ("causal_conv1d_fn", "mamba2_split_conv1d_scan_combined", "mamba2_chunk_scan")


@contextmanager
def pytorch_only() -> Iterator[None]:
    """Within it, mixers run on PyTorch, be the kernels there or not.

    transformers takes the kernels wherever mamba-ssm can be imported, also for tensors on the CPU, which they
    cannot work on. Each of its functions keeps the PyTorch version that it wraps as ``__wrapped__``.
    """
    chosen = {name: getattr(modeling_mamba2, name) for name in _FUNCTIONS}
    for name, function in chosen.items():
        setattr(modeling_mamba2, name, getattr(function, "__wrapped__", function))
    try:
        yield
    finally:
        for name, function in chosen.items():
            setattr(modeling_mamba2, name, function)
