"""Progress and callbacks of heads that are fitted in other processes, brought to this one."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from typing import Any

from heartfeat.heads.monitor import Callback, Epoch, StopTraining
from heartfeat.progress import Progress


@dataclass(frozen=True)
class Relay:
    """Where another process reports to.

    Attributes
    ----------
    address, key
        Of the listener in the process that watches.
    """

    address: Any
    key: bytes

    @contextlib.contextmanager
    def connected(self) -> Iterator[tuple[Progress, Callback]]:
        """A progress and a callback that hand on what they are told; the callback waits for the answer."""
        with Client(self.address, authkey=self.key) as connection:

            def progress(what: str, done: int, total: int) -> None:
                connection.send((what, done, total))

            def callback(epoch: Epoch) -> None:
                connection.send(epoch)
                answer = connection.recv()
                if answer is not None:
                    raise answer

            yield progress, callback


@contextlib.contextmanager
def relaying(progress: Progress, callbacks: tuple[Callback, ...]) -> Iterator[Relay]:
    """Call ``progress`` and ``callbacks`` with what other processes tell, one message at a time."""
    key, calls = os.urandom(32), threading.Lock()

    def tell(epoch: Epoch) -> BaseException | None:
        answer: BaseException | None = None
        for callback in callbacks:
            try:
                callback(epoch)
            except StopTraining:
                answer = StopTraining()
            except BaseException as error:  # noqa: BLE001 - it is raised where the fit is
                return error
        return answer

    def hear(connection: Connection[Any, Any]) -> None:
        with connection, contextlib.suppress(EOFError, OSError):
            while True:
                told = connection.recv()
                with calls:
                    if isinstance(told, Epoch):
                        connection.send(tell(told))
                    else:
                        progress(*told)

    with Listener(authkey=key) as listener:
        _in_background(lambda: _accept(listener, hear))
        yield Relay(listener.address, key)


def _accept(listener: Listener, hear: Callable[[Connection[Any, Any]], None]) -> None:
    while True:
        try:
            connection = listener.accept()
        except (EOFError, ConnectionError, AuthenticationError):
            continue  # it ended before it had said who it is; others may come
        except OSError:
            return  # the listener is closed at the end
        _in_background(lambda connection=connection: hear(connection))  # type: ignore[misc]


def _in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()
