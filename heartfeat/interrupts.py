"""Ctrl-C in a program of several processes."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def blocked_at_birth() -> Iterator[None]:
    """Processes started inside are born deaf to Ctrl-C, which reaches every process of the group.

    What happens then is for the main process alone to decide. There, an interrupt that comes meanwhile is not lost:
    it is heard at the end.
    """
    # Python's own helper process would lift the block when it is started later.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
