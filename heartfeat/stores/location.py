"""Where a store is and which container it has."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from heartfeat.errors import StoreError

SUFFIXES: dict[str, Literal["zarr", "hdf5"]] = {".zarr": "zarr", ".h5": "hdf5", ".hdf5": "hdf5"}


@dataclass(frozen=True)
class Location:
    """A store's address.

    Attributes
    ----------
    uri
        As the user gave it.
    kind
        The container, ``"zarr"`` or ``"hdf5"``.
    path
        Absolute local path, where a symbolic link leads, or None for a remote store.
    """

    uri: str
    kind: Literal["zarr", "hdf5"]
    path: Path | None

    @property
    def address(self) -> str:
        """What reopens the store from any working folder."""
        return self.uri if self.path is None else str(self.path)


def locate(uri: str | Path) -> Location:
    """Read a local path, ``file://`` URI or any URI that fsspec knows.

    Raises
    ------
    StoreError
        When the name does not end in ``.zarr``, ``.h5`` or ``.hdf5``, or a remote store is not Zarr.
    """
    text = str(uri).rstrip("/")
    suffix = Path(urlsplit(text).path if "://" in text else text).suffix.lower()
    if suffix not in SUFFIXES:
        raise StoreError(
            f"a store's name ends in .zarr (folder or URI), .h5 or .hdf5 (one file), not {str(uri)!r}"
        )
    if "://" not in text:
        return Location(text, SUFFIXES[suffix], _resolved(Path(text).expanduser()))
    if text.startswith("file://"):
        return Location(text, SUFFIXES[suffix], _resolved(Path(unquote(text.removeprefix("file://")))))
    if SUFFIXES[suffix] == "hdf5":
        raise StoreError(
            f"an HDF5 store is read from a local disk; copy {text} there, or keep remote stores in Zarr"
        )
    return Location(text, "zarr", None)


def _resolved(path: Path) -> Path:
    """Where links lead, so that a store is replaced in its own place; a link that leads in a circle is kept."""
    return Path(os.path.realpath(path))


def local_path(location: Location) -> Path:
    """The path to write to.

    Raises
    ------
    StoreError
        When the store is remote.
    """
    if location.path is None:
        raise StoreError(
            f"stores are written on a local disk; write {location.uri} there and copy it afterwards"
        )
    return location.path
