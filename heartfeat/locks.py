"""One process at a time."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from heartfeat.errors import HeartfeatError

if sys.platform != "win32":
    import fcntl


@contextlib.contextmanager
def held(path: Path, refusal: HeartfeatError) -> Iterator[None]:
    """Hold the file ``path`` against other processes; the system lets go of it however this one ends.

    The file is made where it is not there, and may be removed by its holder. Where a system has no such locks,
    nobody is kept out.

    Raises
    ------
    HeartfeatError
        ``refusal``, when another process holds the file.
    OSError
        When the file cannot be made.
    """
    while True:
        with path.open("w", encoding="utf-8") as file:
            if sys.platform != "win32":
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise refusal from None
            if not _is_still(path, os.fstat(file.fileno())):
                continue  # its last holder removed it between our opening and our holding it
            yield
            return


def _is_still(path: Path, opened: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), opened)
    except FileNotFoundError:
        return False
