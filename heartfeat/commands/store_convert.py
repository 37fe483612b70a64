"""heartfeat store convert"""

from typing import Annotated

import typer


def store_convert(
    source: Annotated[str, typer.Argument(help="Store to read: a path, or the URI of a Zarr store.")],
    target: Annotated[str, typer.Argument(help="Store to write: .zarr (path or URI), .h5 or .hdf5 (path).")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a store at the target.")] = False,
) -> str:
    """Copy a store into another container or to another place, bit by bit, checked on the way.

    Raises
    ------
    StoreError
        When the source is damaged, the target is there already, or a disk refuses. Then there is no target, or
        the one that was there.
    """
    from heartfeat.commands.progress import show_progress
    from heartfeat.stores.convert import convert_store

    with show_progress() as update:
        convert_store(source, target, overwrite=overwrite, progress=update)
    return target
