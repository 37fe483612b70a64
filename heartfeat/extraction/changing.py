"""Changing a store that is there, while nobody else does."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from heartfeat.extraction.plan import staging_folder
from heartfeat.extraction.staging import alone
from heartfeat.stores.location import local_path, locate


@contextmanager
def changing(uri: str | Path) -> Iterator[None]:
    """Keep extractions and other changes out of a local store; where there is none, nothing is made for it.

    Raises
    ------
    StoreError
        When another process is changing the store, or it is remote.
    """
    if not local_path(locate(uri)).exists():
        yield
        return
    with alone(staging_folder(uri)):
        yield
