"""Processes that work for the threads of this one, and whose death is always noticed."""

import traceback
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from multiprocessing.connection import Connection
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from heartfeat.interrupts import blocked_at_birth


class Decoders:
    """A few spawned processes, each with a pipe of its own; a context manager that ends them.

    With the pool of :mod:`concurrent.futures` the results of all share one pipe, whose writing end is open here too:
    a process killed half-way through a result is waited for forever. Here the end of a process ends its pipe.

    Parameters
    ----------
    count
        Processes.
    """

    def __init__(self, count: int) -> None:
        # Spawned: a fork would carry along the device's context and its locks.
        context = get_context("spawn")
        self._processes = []
        self._connections: list[Connection] = []
        self._idle: SimpleQueue[Connection] = SimpleQueue()
        with blocked_at_birth():
            for _ in range(count):
                ours, theirs = context.Pipe()
                process = context.Process(target=_serve, args=(theirs,), daemon=True)
                process.start()
                theirs.close()
                self._processes.append(process)
                self._connections.append(ours)
                self._idle.put(ours)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in self._connections:
            connection.close()
        for process in self._processes:
            process.join()

    def call(self, function: Callable[..., Any], *args: Any) -> Any:  # noqa: ANN401 - whatever it takes and gives
        """What ``function`` gives in the next idle process; from any thread.

        Raises
        ------
        BrokenProcessPool
            When that process has died.
        Exception
            What ``function`` raises, with the traceback of there as a note.
        """
        connection = self._idle.get()
        try:
            connection.send((function, args))
            result, error = connection.recv()
        except (EOFError, OSError):
            raise BrokenProcessPool("a decoder died") from None
        finally:
            self._idle.put(connection)  # that of a dead process too: nobody may wait for it forever
        if error is not None:
            raise error
        return result


def _serve(connection: Connection) -> None:
    """Answer calls until the other side is gone, however that ended."""
    while True:
        try:
            function, args = connection.recv()
            connection.send(_answer(function, args))
        except (EOFError, OSError):
            return


def _answer(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, Exception | None]:
    try:
        return function(*args), None
    except Exception as error:  # noqa: BLE001 - raised on the other side
        error.add_note(traceback.format_exc())
        return None, error
