"""Cases that fail in each way, to see that the runner notices."""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

from .outcome import check


def right(rng: random.Random, folder: Path) -> None:
    check(folder.is_dir() and rng.random() < 1, "never")


def hang(rng: random.Random, folder: Path) -> None:
    time.sleep(3600)


def crash(rng: random.Random, folder: Path) -> None:
    os.abort()


def lie(rng: random.Random, folder: Path) -> None:
    check(False, "a wrong row")


def memory(rng: random.Random, folder: Path) -> None:
    bytearray(3 * 1024**3)


SELF_TESTS: dict[str, tuple[Callable[[random.Random, Path], None], int]] = {
    f"self-test-{case.__name__}": (case, 0) for case in (right, hang, crash, lie, memory)
}
