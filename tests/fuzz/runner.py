"""Runs cases in a worker process, with a time limit for each; counts how they end."""

import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = 10.0
"""A case that takes longer hangs."""

START_SECONDS = 120.0
ROOT = Path(__file__).parents[2]
_LIMITS = dict.fromkeys(("OMP_NUM_THREADS", "POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@dataclass
class Tally:
    """How the cases of one kind ended."""

    cases: int = 0
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


class Worker:
    """A process that runs one case after the other; whatever it leaves behind is in ``folder``."""

    def __init__(self, folder: Path, warm: bool) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.worker", *([] if warm else ["--cold"])],
            cwd=ROOT,
            env={**os.environ, **_LIMITS, "TMPDIR": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        if self._line(START_SECONDS) != "ready\n":
            self.kill()
            raise RuntimeError("the worker does not start; try `python -m tests.fuzz.worker`")

    def run(self, kind: str, seed: int, number: int) -> dict[str, str]:
        """How the case ended. Where the worker hangs or crashes it is gone afterwards."""
        self._process.stdin.write(f"{kind} {seed} {number}\n")
        self._process.stdin.flush()
        line = self._line(SECONDS)
        if line:
            return json.loads(line)
        if line is None:
            self.kill()
            return {"outcome": "failed", "error": "hang", "detail": f"no answer within {SECONDS:g} s"}
        return {"outcome": "failed", "error": "crash", "detail": f"exit code {self._process.wait()}"}

    def gone(self) -> bool:
        return self._process.poll() is not None

    def end(self) -> None:
        self._process.stdin.close()
        self._process.wait(30)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _line(self, seconds: float) -> str | None:
        """The worker's next line; empty where it has ended, None where nothing comes."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            return self._process.stdout.readline() if selector.select(seconds) else None


def run_cases(
    cases: Iterable[tuple[str, int, int]], tell: Callable[[str], None] = lambda text: None, warm: bool = True
) -> dict[str, Tally]:
    """Run ``(kind, seed, number)`` cases; the tally of every kind, failures told as they come."""
    with tempfile.TemporaryDirectory(prefix="heartfeat-fuzz-") as folder:
        return _run_cases(cases, tell, Path(folder), warm)


def _run_cases(
    cases: Iterable[tuple[str, int, int]], tell: Callable[[str], None], folder: Path, warm: bool
) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {}
    worker = Worker(folder, warm)
    for kind, seed, number in cases:
        tally = tallies.setdefault(kind, Tally())
        tally.cases += 1
        answer = worker.run(kind, seed, number)
        if worker.gone():
            worker = Worker(folder, warm)
        if answer["outcome"] == "accepted":
            tally.accepted += 1
        elif answer["outcome"] == "refused":
            tally.refused[answer["error"]] += 1
        else:
            report = f"{kind} {seed} {number}: {answer['error']}: {answer['detail']}"
            tally.failures.append(report)
            tell(report)
    worker.end()
    return tallies
