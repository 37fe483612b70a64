"""From one container to the other."""

import tempfile
from pathlib import Path

from heartfeat.errors import StoreError
from heartfeat.progress import Progress
from heartfeat.replace import recover, replacing
from heartfeat.stores.container import open_container
from heartfeat.stores.copying import copy_store
from heartfeat.stores.location import Location, locate
from heartfeat.stores.store import open_store
from heartfeat.stores.tree_writer import create_container
from heartfeat.stores.upload import is_there, upload


def convert_store(
    source: str | Path, target: str | Path, *, overwrite: bool = False, progress: Progress | None = None
) -> None:
    """Write a store again at another place, in the container that the target's name asks for.

    Attributes, tables and arrays are copied bit by bit and checked on the way; a store that was written without
    checksums gets them. Memory does not grow with the store.

    Parameters
    ----------
    source, target
        Local paths, or URIs of Zarr stores that fsspec knows. For a remote target the store is first written
        into a temporary folder (see the environment variable ``TMPDIR``), then sent, its root last.
    overwrite
        Replace a store that is at ``target``.
    progress
        Told of every recording and view written, and of every file sent.

    Raises
    ------
    StoreError
        When the source is damaged, something is at ``target`` already, or a disk refuses. Then there is no
        target, or the one that was there.
    """
    start, end = locate(source), locate(target)
    if start.address == end.address:
        raise StoreError(f"{source} is both source and target; name another target")
    for location in (start, end):
        if location.path is not None:
            recover(location.path, StoreError)
    _check_free(end, overwrite)
    if end.path is not None:
        _write(start, end, end.path, progress)
        return
    with tempfile.TemporaryDirectory(prefix="heartfeat-") as folder:
        local = Path(folder) / "store.zarr"
        _write(start, locate(local), local, progress)
        upload(local, end, progress)


def _write(source: Location, target: Location, path: Path, progress: Progress | None) -> None:
    container = open_container(source)
    try:
        with replacing(path, StoreError) as new, create_container(target, new) as writer:
            copy_store(container, writer, progress)
    finally:
        container.close()


def _check_free(target: Location, overwrite: bool) -> None:
    """Refuse a target that is taken; even to overwrite, it has to be a store."""
    taken = is_there(target) if target.path is None else target.path.exists()
    if taken and not overwrite:
        raise StoreError(
            f"{target.uri} is there already; add --overwrite to replace it, or name another target"
        )
    if taken:
        try:
            open_store(target.uri).close()
        except StoreError as error:
            raise StoreError(f"{target.uri} is in the way and will not be overwritten: {error}") from error
