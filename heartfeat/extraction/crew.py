"""The main process' side of several workers: start them, answer them, notice when one dies."""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from heartfeat.errors import ExtractionError
from heartfeat.extraction.ledger import Ledger
from heartfeat.extraction.process import CLAIM, FAILED, FINISHED, NEXT, REPORT, Job, failure, worker_main


def run_crew(jobs: Sequence[Job], ledger: Ledger) -> None:
    """Run one spawned process per job until the ledger has no more work.

    Raises
    ------
    ExtractionError
        When a worker dies or fails unexpectedly; all others are ended, and what they committed stays.
    """
    context = get_context("spawn")
    crew: dict[Connection, SpawnProcess] = {}
    try:
        with _interrupts_ignored_at_birth():
            for job in jobs:
                ours, theirs = context.Pipe()
                process = context.Process(target=worker_main, args=(theirs, job), daemon=True)
                process.start()
                theirs.close()
                crew[ours] = process
        _serve(dict(crew), ledger)
    finally:
        for connection, process in crew.items():
            connection.close()
            process.terminate()
            process.join()


def _serve(working: dict[Connection, SpawnProcess], ledger: Ledger) -> None:
    """Answer workers until all have finished; a dead worker's pipe reads as ended."""
    while working:
        for connection in wait(list(working)):
            assert isinstance(connection, Connection)
            try:
                kind, content = connection.recv()
                if kind == NEXT:
                    connection.send(ledger.next_unit())
                elif kind == CLAIM:
                    connection.send(ledger.claim(content))
            except (EOFError, BrokenPipeError, ConnectionResetError):
                raise _death(working[connection], ledger) from None
            if kind == REPORT:
                ledger.report(content)
            elif kind == FINISHED:
                working.pop(connection).join()
            elif kind == FAILED:
                raise failure(content)


def _death(process: SpawnProcess, ledger: Ledger) -> ExtractionError:
    process.join()
    staged = ledger.done.recordings
    return ExtractionError(
        f"a worker died (exit code {process.exitcode}; a negative one is the signal that killed it, and -9 "
        f"is often a lack of memory). The store is as it was, and {staged} recordings are staged: run the "
        "same command again to go on from there, with fewer workers or a smaller batch if it recurs"
    )


@contextmanager
def _interrupts_ignored_at_birth() -> Iterator[None]:
    """Children that are being born inherit that Ctrl-C is none of their business."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
