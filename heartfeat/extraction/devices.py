"""From what a user types to the devices that workers run on."""

import re
from collections.abc import Iterable

from heartfeat.cores import core_count
from heartfeat.errors import DeviceError


def choose_devices(
    gpus: str | None = None, device: str = "auto", workers: int | None = None
) -> tuple[str, ...]:
    """One entry per worker, such as ``("cuda:0", "cuda:1")`` or ``("cpu", "cpu")``.

    Parameters
    ----------
    gpus
        GPUs by number, such as ``"0-7"`` or ``"0,2"``; overrides ``device="auto"``.
    device
        ``"auto"`` (every GPU, or the CPU where there is none), ``"cpu"`` or ``"cuda"``.
    workers
        Processes on the CPU; None for one per core.

    Raises
    ------
    DeviceError
        When a device is unknown or not on this machine.
    """
    numbers = check_choice(gpus, device)
    if numbers is not None:
        return _present(numbers)
    if device == "cuda" or (device == "auto" and gpu_count()):
        return _present(range(max(1, gpu_count())))
    return ("cpu",) * (workers or core_count())


def check_choice(gpus: str | None, device: str) -> tuple[int, ...] | None:
    """The numbers of the GPUs asked for, or None; says what makes no sense without a look at the machine.

    Raises
    ------
    DeviceError
        When there is no such kind of device, or the two contradict each other.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise DeviceError(f"there is no device {device!r}; choose auto, cpu or cuda")
    if gpus is None:
        return None
    if device == "cpu":
        raise DeviceError(f"--gpus {gpus} and --device cpu contradict each other; give one of them")
    return parse_gpus(gpus)


def parse_gpus(text: str) -> tuple[int, ...]:
    """Numbers of GPUs, in ascending order.

    Examples
    --------
    >>> parse_gpus("0-2,5")
    (0, 1, 2, 5)
    """
    numbers: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,4})(?:\s*-\s*(\d{1,4}))?\s*", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last:
            raise DeviceError(f"--gpus {text!r} is not a list of GPUs; write numbers such as 0-7 or 0,2")
        numbers.update(range(first, last + 1))
    return tuple(sorted(numbers))


def gpu_count() -> int:
    """CUDA devices that torch can use here."""
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _present(wanted: Iterable[int]) -> tuple[str, ...]:
    count = gpu_count()
    missing = [number for number in wanted if number >= count]
    if missing:
        here = f"has {count} (0 to {count - 1})" if count else "has no GPU that torch can use"
        raise DeviceError(
            f"GPU {missing[0]} was asked for, but this machine {here}; use --device cpu instead"
        )
    return tuple(f"cuda:{number}" for number in wanted)
