"""The same units of work on the machines of a Ray cluster, which share one file system."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from typing import Any

from heartfeat.errors import DeviceError, ExtractionError, HeartfeatError
from heartfeat.extraction.facts import Facts
from heartfeat.extraction.feature_sets import BlockKey
from heartfeat.extraction.ledger import Done, Ledger, Unit
from heartfeat.extraction.process import Job

CONNECT_SECONDS = 10.0
LOOK_SECONDS = 1.0
"""Time between two looks at how far the workers are (s)."""


def run_on_cluster(address: str, job: Job, ledger: Ledger) -> None:
    """Run a worker like ``job`` on every GPU of a cluster, or on every core where it has no GPU.

    While they work the ledger is an actor of the cluster's; what it then knows is copied back. What a dead worker
    had in hand goes to the others.

    Parameters
    ----------
    address
        As Ray takes it: ``"auto"``, ``"ray://host:10001"``, or ``"local"`` for one that is started here.

    Raises
    ------
    DeviceError
        When Ray is missing or the cluster does not answer.
    ExtractionError
        When all workers have died, or one fails unexpectedly; what was committed stays.
    """
    ray = _connect(address)
    try:
        jobs = _jobs(job, ray.cluster_resources(), len(ledger.units))
        copied = replace(ledger, present=frozenset(ledger.present), on_report=_nothing)
        keeper = ray.remote(num_cpus=0)(_Keeper).remote(copied)
        while jobs:
            dead = _round(ray, keeper, jobs, ledger)
            standing = ray.get(keeper.standing.remote())
            jobs = [one for one in jobs if one.name not in dead] if standing.waiting else []
        final = ray.get(keeper.ledger.remote())
    finally:
        ray.shutdown()
    for name in ("units", "facts", "done", "bytes_done", "notes"):
        setattr(ledger, name, getattr(final, name))
    if ledger.units:
        raise ExtractionError(
            f"all workers died ({ledger.notes[-1]}). The store is as it was, and {ledger.total.recordings} "
            "recordings are staged: run the same command again to go on from there"
        )


def _connect(address: str) -> Any:  # noqa: ANN401 - a module that may be missing
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise DeviceError("--cluster needs Ray: pip install 'heartfeat[cluster]'") from None
    try:
        if ":" in address:  # Ray itself would go on trying for many minutes
            host, port = address.removeprefix("ray://").rsplit(":", 1)
            socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS).close()
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (RuntimeError, ValueError, OSError) as error:
        raise DeviceError(
            f"no Ray cluster answers at {address!r} ({error}); start one with `ray start --head`"
        ) from error
    return ray


def _jobs(job: Job, resources: dict[str, float], units: int) -> list[Job]:
    gpus, cores = int(resources.get("GPU", 0)), max(1, int(resources.get("CPU", 1)))
    count = min(gpus or cores, max(1, units))
    # Ray shows each worker its own GPU alone, which then has the number 0.
    device, share = ("cuda:0", max(1, cores // gpus)) if gpus else ("cpu", 1)
    return [replace(job, name=f"worker {number}", device=device, cores=share) for number in range(count)]


def _round(ray: Any, keeper: Any, jobs: Sequence[Job], ledger: Ledger) -> set[str]:  # noqa: ANN401
    """Run all jobs until each has finished or died; the names of the dead."""
    running = {}
    for job in jobs:
        gpus = 0 if job.device == "cpu" else 1
        task = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=0)(_work)
        running[task.remote(job, keeper)] = job
    dead: set[str] = set()
    while running:
        ready, _ = ray.wait(list(running), timeout=LOOK_SECONDS)
        standing = ray.get(keeper.standing.remote())
        ledger.done, ledger.bytes_done = standing.done, standing.bytes_done
        ledger.on_report()
        for one in ready:
            job = running.pop(one)
            problem = _problem(ray, one)
            if problem:
                dead.add(job.name)
                ray.get(keeper.bury.remote(job.name, problem))
    return dead


def _problem(ray: Any, task: Any) -> str | None:  # noqa: ANN401
    """Why a task's worker died, or None; raises what a worker raised."""
    try:
        ray.get(task)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, HeartfeatError):
            raise error.cause from None
        if not isinstance(error.cause, BrokenProcessPool):
            raise ExtractionError(
                f"a worker failed; the store is as it was. Its traceback:\n{error}"
            ) from None
        return "a decoder died"
    except ray.exceptions.RayError as error:
        return type(error).__name__
    return None


def _nothing() -> None:
    """Reports are looked at from outside."""


@dataclass(frozen=True)
class _Standing:
    done: dict[str, Done]
    bytes_done: int
    waiting: int


class _Keeper:
    """The ledger as an actor."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def next_unit(self, worker: str) -> Unit | None:
        return self._ledger.next_unit(worker)

    def claim(self, worker: str, facts: Facts) -> list[BlockKey]:
        return self._ledger.claim(worker, facts)

    def report(self, worker: str, recordings: Sequence[str], done: Done) -> None:
        self._ledger.report(worker, recordings, done)

    def note(self, text: str) -> None:
        self._ledger.notes.append(text)

    def bury(self, worker: str, problem: str) -> None:
        self._ledger.bury(worker, problem)

    def standing(self) -> _Standing:
        return _Standing(self._ledger.done, self._ledger.bytes_done, len(self._ledger.units))

    def ledger(self) -> Ledger:
        return replace(self._ledger, present=())


@dataclass(frozen=True)
class _RemoteDesk:
    """A worker's place at a ledger on another machine (see :class:`heartfeat.extraction.ledger.WorkSource`)."""

    keeper: Any
    worker: str

    def next_unit(self) -> Unit | None:
        return self._ask("next_unit")

    def claim(self, facts: Facts) -> list[BlockKey]:
        return self._ask("claim", facts)

    def report(self, recordings: Sequence[str], done: Done) -> None:
        self._ask("report", recordings, done)

    def note(self, text: str) -> None:
        import ray

        ray.get(self.keeper.note.remote(text))

    def _ask(self, question: str, *content: object) -> Any:  # noqa: ANN401 - each question has its own answer
        import ray

        return ray.get(getattr(self.keeper, question).remote(self.worker, *content))


def _work(job: Job, keeper: Any) -> None:  # noqa: ANN401
    """What runs on the cluster."""
    import torch

    torch.set_num_threads(job.cores)
    job.run(_RemoteDesk(keeper, job.name))
