"""The main process' side of several workers: start them, answer them, and let others do a dead one's work."""

import signal
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from heartfeat.errors import ExtractionError
from heartfeat.extraction.ledger import Ledger
from heartfeat.extraction.process import (
    CLAIM,
    FAILED,
    FINISHED,
    NEXT,
    NOTE,
    REPORT,
    Job,
    failure,
    worker_main,
)
from heartfeat.interrupts import blocked_at_birth


def run_crew(jobs: Sequence[Job], ledger: Ledger) -> None:
    """Run one spawned process per job until the ledger has no more work.

    What a worker that dies had in hand goes to the others; where they have finished already, their devices
    start once more.

    Raises
    ------
    ExtractionError
        When all workers have died, or one fails unexpectedly; what was committed stays.
    """
    jobs = list(jobs)
    while jobs:
        dead = _Crew(jobs, ledger).work()
        jobs = [job for job in jobs if job.name not in dead] if ledger.units else []
    if ledger.units:
        raise ExtractionError(
            f"all workers died ({ledger.notes[-1]}). The store is as it was, and "
            f"{ledger.total.recordings} recordings are staged: run the same command again to go on from there, "
            "with fewer workers or a smaller batch if it recurs"
        )


class _Crew:
    """The processes of one round."""

    def __init__(self, jobs: Sequence[Job], ledger: Ledger) -> None:
        self._jobs = jobs
        self._ledger = ledger
        self._crew: dict[Connection, tuple[Job, SpawnProcess]] = {}

    def work(self) -> set[str]:
        """Work until every process has finished or died; the names of the dead."""
        try:
            with blocked_at_birth():
                for job in self._jobs:
                    self._start(job)
            return self._serve()
        finally:
            for connection, (_, process) in self._crew.items():
                connection.close()
                process.terminate()
                process.join()

    def _start(self, job: Job) -> None:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=worker_main, args=(theirs, job))
        process.start()
        theirs.close()
        self._crew[ours] = (job, process)

    def _serve(self) -> set[str]:
        working = dict(self._crew)
        dead: set[str] = set()
        while working:
            for connection in wait(list(working)):
                assert isinstance(connection, Connection)
                job, process = working[connection]
                try:
                    finished = self._answer(connection, job.name)
                except (EOFError, ConnectionError):
                    dead.add(job.name)
                    finished = True
                    process.join()
                    self._ledger.bury(job.name, _meaning(process.exitcode))
                if finished:
                    working.pop(connection)[1].join()
        return dead

    def _answer(self, connection: Connection, worker: str) -> bool:
        """Take one message of a worker; whether it was the last."""
        try:
            kind, content = connection.recv()
        except OSError as error:  # it ended within a message
            raise EOFError from error
        if kind == NEXT:
            connection.send(self._ledger.next_unit(worker))
        elif kind == CLAIM:
            connection.send(self._ledger.claim(worker, content))
        elif kind == REPORT:
            self._ledger.report(worker, *content)
        elif kind == NOTE:
            self._ledger.notes.append(content)
        elif kind == FAILED:
            raise failure(content)
        return kind == FINISHED


def _meaning(exit_code: int | None) -> str:
    hint = ", which is often a lack of memory" if exit_code == -signal.SIGKILL else ""
    return f"exit code {exit_code}{hint}"
