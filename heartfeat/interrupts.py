"""Ctrl-C in a program of several processes."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ignored_at_birth() -> Iterator[None]:
    """Processes started inside are born deaf to Ctrl-C, which reaches every process of the group.

    What happens then is for the main process alone to decide. Elsewhere than in the main thread, which alone may set
    signals, this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
