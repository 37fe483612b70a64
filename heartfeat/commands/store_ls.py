"""heartfeat store ls"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from heartfeat.stores.catalogue import StoreEntry


def store_ls(
    folder: Annotated[Path, typer.Argument(help="Folder with stores.")] = Path("stores"),
) -> "list[StoreEntry]":
    """List the stores in a folder: container, patients, recordings, feature sets, size and age.

    Raises
    ------
    StoreError
        When there is no such folder.
    """
    from heartfeat.stores.catalogue import list_stores

    return list_stores(folder)
