"""Where neural heads compute, and how precisely: around a fit or a prediction, not part of a head's settings."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import re
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, TypeVar, cast

import torch
from torch import Tensor, nn

from heartfeat.errors import DeviceError

Net = TypeVar("Net", bound=nn.Module)
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Compute:
    """A device and a precision.

    Attributes
    ----------
    device
        ``"cpu"`` or ``"cuda:N"``.
    precision
        ``"fp32"``, or ``"bf16"``: weights stay in fp32, matrix products are computed in bf16 (autocast).
    networks
        How many networks of one head are trained at a time, each in a process of its own.
    """

    device: str = "cpu"
    precision: Literal["fp32", "bf16"] = "fp32"
    networks: int = 1

    @property
    def gpus(self) -> list[int]:
        """Numbers of the GPUs whose random numbers are drawn."""
        return [] if self.device == "cpu" else [torch.device(self.device).index or 0]

    def autocast(self) -> contextlib.AbstractContextManager[object]:
        """The context that forward passes run in."""
        if self.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(torch.device(self.device).type, dtype=torch.bfloat16)


_CURRENT: ContextVar[Compute] = ContextVar("compute", default=Compute())  # noqa: B039 - it is frozen


def current_compute() -> Compute:
    """Where heads compute now; the CPU in fp32 unless `computing` says otherwise."""
    return _CURRENT.get()


@contextlib.contextmanager
def computing(compute: Compute) -> Iterator[None]:
    """Let the neural heads fit and predict there."""
    token = _CURRENT.set(compute)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def choose_compute(device: str = "auto", precision: str = "auto", fold: int = 0) -> Compute:
    """What ``--device`` and ``--precision`` mean on this machine.

    Parameters
    ----------
    device
        ``auto`` (a GPU where there is one), ``cpu``, ``cuda`` (folds take GPUs in turn) or ``cuda:N``.
    precision
        ``auto`` (bf16 on a GPU that has it, else fp32), ``fp32`` or ``bf16``.

    Raises
    ------
    DeviceError
        When there is no such device or precision here.
    """
    if not re.fullmatch(r"auto|cpu|cuda(:\d{1,4})?", device):
        raise DeviceError(f"there is no device {device!r}; choose auto, cpu, cuda or cuda:N")
    if precision not in ("auto", "fp32", "bf16"):
        raise DeviceError(f"there is no precision {precision!r}; choose auto, fp32 or bf16")
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device == "cpu" or (device == "auto" and not gpus):
        return Compute("cpu", "bf16" if precision == "bf16" else "fp32")
    number = int(device[5:]) if ":" in device else fold % max(1, gpus)
    if number >= gpus:
        here = f"has {gpus} (0 to {gpus - 1})" if gpus else "has no GPU that torch can use"
        raise DeviceError(
            f"--device {device} was asked for, but this machine {here}; use --device cpu instead"
        )
    chosen = f"cuda:{number}"
    if precision == "auto":
        with torch.cuda.device(number):
            precision = "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    return Compute(chosen, cast(Literal["fp32", "bf16"], precision))


def moved(thing: Thing, device: str) -> Thing:
    """``thing`` with every tensor in it on ``device``: a tensor, or a dict, list, tuple or dataclass of them."""
    if isinstance(thing, Tensor):
        return cast(Thing, thing.to(device, non_blocking=True))
    if isinstance(thing, dict):
        return cast(Thing, {name: moved(part, device) for name, part in thing.items()})
    if isinstance(thing, (list, tuple)):
        return cast(Thing, type(thing)([moved(part, device) for part in thing]))
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        fields = {field.name: getattr(thing, field.name) for field in dataclasses.fields(thing)}
        return cast(Thing, dataclasses.replace(thing, **moved(fields, device)))
    return thing


def on_device(net: Net, device: str) -> Net:
    """``net`` itself where it is there already, else a copy of it."""
    here = next(net.parameters()).device
    return net if here == torch.device(device) else copy.deepcopy(net).to(device)
