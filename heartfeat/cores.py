"""Processors that there are for us, and processes that wait on them."""

import functools
import os
import threading
import time


def core_count() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def end_idle_processes() -> None:
    """End the processes that joblib keeps for its next call: they hold memory, and a training may take hours."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)


@functools.cache
def end_with(program: int) -> None:
    """End this process soon after the program that started it, if it is a worker of it and not the program itself.

    A worker of joblib whose program was killed would wait for ever, and hold features of gigabytes.

    Parameters
    ----------
    program
        Process id, as the program itself knows it.
    """
    if os.getpid() == program:  # joblib does the work of a single process itself
        return

    def watch() -> None:
        while os.getppid() == program:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
