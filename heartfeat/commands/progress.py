"""Progress on standard error: bars in a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from heartfeat.progress import DetailedProgress

PLAIN_INTERVAL = 10.0
"""Seconds between two plain lines of one task."""


@contextmanager
def show_progress() -> Iterator[DetailedProgress]:
    """A function that shows where each task stands."""
    if sys.stderr.isatty():
        with _bars() as update:
            yield update
    else:
        yield _Lines()


@contextmanager
def _bars() -> Iterator[DetailedProgress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[str, int] = {}
        started: dict[str, float] = {}

        def update(what: str, done: int, total: int, detail: str = "") -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total, detail="")
                started[what] = time.monotonic()
            shown = detail or _left(time.monotonic() - started[what], done, total)
            progress.update(tasks[what], completed=done, total=total, detail=shown)  # type: ignore[arg-type]

        yield update


def _left(seconds: float, done: int, total: int) -> str:
    if not 0 < done < total:
        return ""
    minutes, rest = divmod(round(seconds * (total - done) / done), 60)
    return f"{minutes}:{rest:02} left"


class _Lines:
    """Prints a task's first sign of life after a while, then at intervals, and its end if it was slow.

    Where no task is slow by itself, whichever is at work after a while without a line is told.
    """

    def __init__(self) -> None:
        self.last_line = time.monotonic()
        self.started: dict[str, float] = {}
        self.printed: dict[str, float] = {}
        self.finished: set[str] = set()

    def __call__(self, what: str, done: int, total: int, detail: str = "") -> None:
        now = time.monotonic()
        begun = self.started.setdefault(what, now)
        last = self.printed.get(what, begun)
        finished = done >= total and now - begun > 2.0 and what not in self.finished
        silent = now - self.last_line > PLAIN_INTERVAL
        if finished or silent or (done < total and now - last > PLAIN_INTERVAL):
            self.printed[what] = self.last_line = now
            self.finished.update({what} if finished else ())
            more = detail.replace("\n", "; ") or _left(now - begun, done, total)
            text = f"{what}: {done} of {total} ({now - begun:.0f} s)"
            print(f"{text}; {more}" if more else text, file=sys.stderr, flush=True)
