"""Trials of a sweep in this process, or in several, each with a device of its own."""

import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from heartfeat.cores import core_count
from heartfeat.errors import HeartfeatError, RunError
from heartfeat.interrupts import blocked_at_birth
from heartfeat.stores.store import open_store
from heartfeat.training.sweep_score import SweepJob, SweepScorer
from heartfeat.training.sweep_trials import Trial

Next = Callable[[Sequence[Trial]], Trial | None]
"""The next trial, given those that are running; None when there is none (now)."""
Finished = Callable[[Trial], None]


def run_here(job: SweepJob, device: str, next_trial: Next, finished: Finished) -> None:
    """Run one trial after the other in this process."""
    with open_store(job.store) as store:
        scorer = SweepScorer(job, store, device)
    while (trial := next_trial(())) is not None:
        finished(scorer.judge(trial))


def run_in_processes(job: SweepJob, devices: Sequence[str], next_trial: Next, finished: Finished) -> None:
    """Run trials in one spawned process per entry of ``devices``, each taking the next as soon as it is free.

    A process that dies fails its trial alone; another takes its place.

    Raises
    ------
    RunError
        When a process cannot read the features.
    """
    cores = max(1, core_count() // len(devices))
    workers: list[_Worker] = []
    try:
        for device in devices:
            _occupy(workers, _started(job, device, cores), next_trial)
        while busy := [worker for worker in workers if worker.trial is not None]:
            for connection in wait([worker.connection for worker in busy]):
                worker = next(worker for worker in workers if worker.connection is connection)
                done, alive = worker.answer()
                finished(done)
                if not alive:
                    worker.stop()
                    workers.remove(worker)
                    worker = _started(job, worker.device, cores)
                _occupy(workers, worker, next_trial)
    finally:
        for worker in workers:
            worker.stop()


@dataclass
class _Worker:
    """A process and what it is at."""

    process: SpawnProcess
    connection: Connection
    device: str
    trial: Trial | None = None

    def answer(self) -> tuple[Trial, bool]:
        """The trial that has just finished, and whether the process lives on."""
        assert self.trial is not None
        given, self.trial = self.trial, None
        try:
            said = self.connection.recv()
        except (EOFError, OSError):  # OSError: it ended within its answer, or before
            self.process.join()
            code = self.process.exitcode
            reason = f"the process died (exit code {code}); out of memory?"
            return replace(given, status="failed", error=reason), False
        if isinstance(said, HeartfeatError):
            raise RunError(f"a worker of the sweep could not start: {said}")
        return said, True

    def stop(self) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.join()


def _occupy(workers: list[_Worker], worker: _Worker, next_trial: Next) -> None:
    """Give a free worker its next trial, and every other free one too: one result can open the way to several."""
    if worker not in workers:
        workers.append(worker)
    for free in [worker for worker in workers if worker.trial is None]:
        free.trial = next_trial([worker.trial for worker in workers if worker.trial is not None])
        if free.trial is not None:
            with suppress(
                BrokenPipeError, ConnectionResetError
            ):  # a process that is gone is found out by its silence
                free.connection.send(free.trial)


def _started(job: SweepJob, device: str, cores: int) -> _Worker:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    with blocked_at_birth():
        process = context.Process(target=_work, args=(theirs, job, device, cores), daemon=True)
        process.start()
    theirs.close()
    return _Worker(process, ours, device)


def _work(connection: Connection, job: SweepJob, device: str, cores: int) -> None:
    """Judge trials until the main process has no more, or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(cores):
            try:
                with open_store(job.store) as store:
                    scorer = SweepScorer(job, store, device)
            except HeartfeatError as error:
                connection.recv()
                connection.send(error)
                return
            while True:
                connection.send(scorer.judge(connection.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
