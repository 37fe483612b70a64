"""Send a Zarr folder to an object store."""

from pathlib import Path
from typing import Any

from heartfeat.errors import StoreError
from heartfeat.progress import Progress
from heartfeat.stores.location import Location
from heartfeat.stores.zarr_writer import METADATA

TOGETHER = 64
"""Files sent at a time."""


def is_there(target: Location) -> bool:
    """Whether a remote Zarr hierarchy is at the target.

    Raises
    ------
    StoreError
        When the place cannot be reached.
    """
    system, root = _connect(target)
    try:
        return bool(system.exists(f"{root}/{METADATA}"))
    except OSError as error:
        raise _unreachable(target, error) from error


def upload(folder: Path, target: Location, progress: Progress | None = None) -> None:
    """Send all files of a Zarr folder, its root's metadata last, so that half of it is no store.

    What was at the target before is removed first, its root's metadata before everything else.

    Raises
    ------
    StoreError
        When the place cannot be reached, or refuses.
    """
    system, root = _connect(target)
    names = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    names.remove(METADATA)
    try:
        if system.exists(f"{root}/{METADATA}"):
            system.rm_file(f"{root}/{METADATA}")
        if system.exists(root):
            system.rm(root, recursive=True)
        for start in range(0, len(names), TOGETHER):
            some = names[start : start + TOGETHER]
            system.put([str(folder / name) for name in some], [f"{root}/{name}" for name in some])
            if progress is not None:
                progress(f"sending to {target.uri}", start + len(some), len(names) + 1)
        system.put_file(str(folder / METADATA), f"{root}/{METADATA}")
    except OSError as error:
        raise _unreachable(target, error) from error
    if progress is not None:
        progress(f"sending to {target.uri}", len(names) + 1, len(names) + 1)


def _connect(target: Location) -> tuple[Any, str]:
    """The file system, and the store's root in it."""
    import fsspec

    try:
        system, root = fsspec.core.url_to_fs(target.address)
    except ImportError as error:
        raise StoreError(f"writing {target.uri} needs another package: {error}") from error
    except (OSError, ValueError) as error:
        raise _unreachable(target, error) from error
    return system, str(root).rstrip("/")


def _unreachable(target: Location, error: Exception) -> StoreError:
    return StoreError(
        f"writing {target.uri} failed ({error}); a store that is half there does not open. "
        "Check the address and your permission, then run the same command again"
    )
