"""Progress on standard error: bars in a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Update = Callable[[str, int, int], None]

PLAIN_INTERVAL = 10.0
"""Seconds between two plain lines of one task."""


@contextmanager
def show_progress() -> Iterator[Update]:
    """A function ``update(what, done, total)`` that shows where each task stands."""
    if sys.stderr.isatty():
        with _bars() as update:
            yield update
    else:
        yield _Lines()


@contextmanager
def _bars() -> Iterator[Update]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[str, int] = {}

        def update(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)  # type: ignore[arg-type]

        yield update


class _Lines:
    """Prints a task's first sign of life after a while, then at intervals, and its end if it was slow."""

    def __init__(self) -> None:
        self.started: dict[str, float] = {}
        self.printed: dict[str, float] = {}
        self.finished: set[str] = set()

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        begun = self.started.setdefault(what, now)
        last = self.printed.get(what, begun)
        finished = done >= total and now - begun > 2.0 and what not in self.finished
        if finished or (done < total and now - last > PLAIN_INTERVAL):
            self.printed[what] = now
            self.finished.update({what} if finished else ())
            print(f"{what}: {done} of {total} ({now - begun:.0f} s)", file=sys.stderr, flush=True)
