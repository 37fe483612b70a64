"""How work tells how far it is."""

from collections.abc import Callable
from typing import Protocol

Progress = Callable[[str, int, int], None]
"""``progress(what, done, total)``."""


class DetailedProgress(Protocol):
    """Progress that takes lines of ``detail`` besides, from the whole to the parts."""

    def __call__(self, what: str, done: int, total: int, detail: str = "") -> None: ...


def silent(what: str, done: int, total: int, detail: str = "") -> None:
    """Progress that nobody sees."""
