"""Write beside, then rename: whatever happens, the old store or the new one is there, whole.

A file is replaced by one rename. A folder cannot be, so its new tree, once complete, is first named ready;
from then on any process that finds the store's own name free finishes the exchange.
"""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from heartfeat.errors import StoreError


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A free path beside ``target``; what was written there takes the place of ``target`` at the end.

    When the body raises, the new tree is removed and ``target`` is as it was. The body must have flushed the
    new tree to the disk.

    Raises
    ------
    StoreError
        When the disk refuses (full, read-only, no permission); what was there before is unchanged.
    """
    new = _beside(target, f"new-{socket.gethostname()}-{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        recover(target)
        sweep(target)
        yield new
        if new.is_dir():
            _exchange_folder(new, target)
        else:
            new.replace(target)
            _sync_folder(target.parent)
    except OSError as error:
        raise StoreError(
            f"writing {target} failed ({error}); what was there before is unchanged. "
            "Make room or permission for it, then run the same command again"
        ) from error
    finally:
        with suppress(OSError):  # the next writer sweeps it away
            _remove(new)


def recover(target: Path) -> None:
    """Finish or undo a folder's exchange that a crash interrupted; does nothing else.

    Raises
    ------
    StoreError
        When the disk refuses.
    """
    ready, old = _beside(target, "ready"), _beside(target, "old")
    if target.exists():
        return
    try:
        if ready.exists():
            ready.rename(target)
        elif old.exists():
            old.rename(target)
    except FileNotFoundError:
        return  # another process was faster
    except OSError as error:
        raise StoreError(f"an interrupted write of {target} cannot be finished: {error}") from error


def _exchange_folder(new: Path, target: Path) -> None:
    ready, old = _beside(target, "ready"), _beside(target, "old")
    new.rename(ready)
    _sync_folder(target.parent)
    if target.exists():
        target.rename(old)
    try:
        ready.rename(target)
    except FileNotFoundError:
        if not target.exists():  # else a reader's recover() was faster
            raise
    _sync_folder(target.parent)
    _remove(old)


def sweep(target: Path) -> None:
    """Remove what dead writers left; for writers alone, once the store is in place or was never there."""
    if target.exists():
        _remove(_beside(target, "ready"))
        _remove(_beside(target, "old"))
    host = f".{target.name}.new-{socket.gethostname()}-"
    for left in target.parent.glob(f"{_escape(host)}*"):
        process = left.name.removeprefix(host)
        if process == str(os.getpid()) or (process.isdigit() and not _alive(int(process))):
            _remove(left)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _beside(target: Path, kind: str) -> Path:
    return target.with_name(f".{target.name}.{kind}")


def _escape(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
