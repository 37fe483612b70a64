"""Whether Mamba-1 mixers run on the kernels of mamba-ssm or on PyTorch."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from transformers.models.mamba import modeling_mamba

_FUNCTIONS = ("causal_conv1d_fn", "mamba_inner_fn", "mamba_selective_scan")

FALLING_BACK = "is falling back to its reference PyTorch implementation"


def _worth_saying(record: logging.LogRecord) -> bool:
    """Whether to let a message of transformers through: without a GPU the kernels it misses would be no use."""
    return torch.cuda.is_available() or FALLING_BACK not in record.getMessage()


logging.getLogger("transformers.integrations.hub_kernels").addFilter(_worth_saying)


@contextmanager
def pytorch_only() -> Iterator[None]:
    """Within it, mixers run on PyTorch, be the kernels there or not.

    transformers takes the kernels wherever mamba-ssm can be imported, also for tensors on the CPU, which they
    cannot work on. Each of its functions keeps the PyTorch version that it wraps as ``__wrapped__``.
    """
    chosen = {name: getattr(modeling_mamba, name) for name in _FUNCTIONS}
    for name, function in chosen.items():
        setattr(modeling_mamba, name, getattr(function, "__wrapped__", function))
    try:
        yield
    finally:
        for name, function in chosen.items():
            setattr(modeling_mamba, name, function)
