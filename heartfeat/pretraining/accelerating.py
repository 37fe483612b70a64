"""Devices, precision and processes, through Accelerate."""

from datetime import timedelta
from typing import Any

import torch

from heartfeat.errors import ConfigError, DeviceError

PATIENCE = timedelta(hours=12)
"""How long processes wait for the one that reads the recordings, or writes."""


def new_accelerator(device: str, precision: str) -> Any:  # noqa: ANN401 - accelerate.Accelerator
    """An Accelerator.

    Parameters
    ----------
    device
        ``auto`` or ``cpu``.
    precision
        ``auto``, ``fp32`` or ``bf16``.

    Raises
    ------
    DeviceError, ConfigError
        When device or precision are no such words, or Accelerate is not installed.
    """
    if device not in ("auto", "cpu"):
        raise DeviceError(
            f"there is no device {device!r}; choose auto or cpu, and GPUs by CUDA_VISIBLE_DEVICES"
        )
    if precision not in ("auto", "fp32", "bf16"):
        raise DeviceError(f"there is no precision {precision!r}; choose auto, fp32 or bf16")
    try:
        from accelerate import Accelerator
        from accelerate.state import AcceleratorState
        from accelerate.utils import InitProcessGroupKwargs
    except ImportError:
        raise ConfigError(
            "training of backbones needs Accelerate; install it with `pip install 'heartfeat[pretrain]'`"
        ) from None
    on_cpu = device == "cpu" or not torch.cuda.is_available()
    if precision == "auto":
        precision = "fp32" if on_cpu else "bf16"
    if not torch.distributed.is_initialized():
        # Accelerate holds on to what its process was first asked for; a notebook may train twice.
        AcceleratorState._reset_state(reset_partial_state=True)
    return Accelerator(
        cpu=on_cpu,
        mixed_precision="no" if precision == "fp32" else precision,
        kwargs_handlers=[InitProcessGroupKwargs(timeout=PATIENCE)],
    )
