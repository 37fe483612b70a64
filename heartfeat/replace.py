"""Write beside, then rename: whatever happens, the old store, run, checkpoint or file is there or the new one, whole.

A file is replaced by one rename. A folder cannot be, so its new tree, once complete, is first named ready;
from then on any process that finds the folder's own name free finishes the exchange.
"""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from heartfeat.errors import HeartfeatError


@contextmanager
def replacing(target: Path, refusal: type[HeartfeatError]) -> Iterator[Path]:
    """A free path beside ``target``; what was written there takes the place of ``target`` at the end.

    When the body raises, the new tree is removed and ``target`` is as it was. A body whose tree is to outlast a power
    cut must have flushed it to the disk.

    Raises
    ------
    HeartfeatError
        A ``refusal``, when the disk refuses (full, read-only, no permission); what was there before is unchanged.
    """
    new = _new(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        recover(target, refusal)
        sweep(target)
        yield new
        if new.is_dir():
            _exchange_folder(new, target)
        else:
            new.replace(target)
            flush(target.parent)
    except OSError as error:
        raise refusal(
            f"writing {target} failed ({error}); what was there before is unchanged. "
            "Make room or permission for it, then run the same command again"
        ) from error
    finally:
        with suppress(OSError):  # the next writer sweeps it away
            _remove(new)


def replace_file(target: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` make a file beside ``target``, and put it in its place.

    Raises
    ------
    OSError
        When the disk refuses; what was there before is unchanged.
    """
    new = _new(target)
    _sweep_new(target)
    try:
        write(new)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)


def is_there(target: Path, refusal: type[HeartfeatError]) -> bool:
    """Whether anything is at ``target``, once `recover` has looked at it."""
    recover(target, refusal)
    return target.exists()


def interrupted(folder: Path) -> set[str]:
    """Names in a folder that `recover` has to look at, or the next writer to sweep up after."""
    left = (path.name for kind in ("ready", "old") for path in folder.glob(f".*.{kind}"))
    return {name[1:].rpartition(".")[0] for name in left}


def recover(target: Path, refusal: type[HeartfeatError]) -> None:
    """Finish or undo a folder's exchange that a crash interrupted; does nothing else.

    Raises
    ------
    HeartfeatError
        A ``refusal``, when the disk refuses.
    """
    if target.exists():
        return
    ready, old = _beside(target, "ready"), _beside(target, "old")
    try:
        if ready.exists():
            ready.rename(target)
        elif old.exists():
            old.rename(target)
    except FileNotFoundError:
        return  # another process was faster
    except OSError as error:
        raise refusal(f"an interrupted write of {target} cannot be finished: {error}") from error


def _exchange_folder(new: Path, target: Path) -> None:
    ready, old = _beside(target, "ready"), _beside(target, "old")
    new.rename(ready)
    flush(target.parent)
    if target.exists():
        target.rename(old)
    try:
        ready.rename(target)
    except FileNotFoundError:
        if not target.exists():  # else a reader's recover() was faster
            raise
    flush(target.parent)
    _remove(old)


def sweep(target: Path) -> None:
    """Remove what dead writers of a folder left; for writers alone, once it is in place or was never there."""
    if target.exists():
        _remove(_beside(target, "ready"))
        _remove(_beside(target, "old"))
    _sweep_new(target)


def _sweep_new(target: Path) -> None:
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


def flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _new(target: Path) -> Path:
    return _beside(target, f"new-{socket.gethostname()}-{os.getpid()}")


def _beside(target: Path, kind: str) -> Path:
    return target.with_name(f".{target.name}.{kind}")


def _escape(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
