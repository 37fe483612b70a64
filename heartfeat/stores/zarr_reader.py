"""Zarr 3 for reading, from a local folder or by URI through fsspec."""

import os
from typing import Any

import numpy as np
import zarr
from zarr.storage import LocalStore

from heartfeat.errors import StoreError
from heartfeat.stores.chunk_files import ChunkFiles
from heartfeat.stores.container import Container, StoredArray
from heartfeat.stores.location import Location

_BYTES = {"name": "bytes"}
_LITTLE_ENDIAN = _BYTES | {"configuration": {"endian": "little"}}

# What zarr raises for missing or malformed metadata depends on which field is wrong.
_BAD_METADATA = (LookupError, ValueError, TypeError, AttributeError, OSError, RecursionError, ArithmeticError)


class ZarrContainer(Container):
    """A Zarr store. A remote one is reopened in each process: fsspec's event loop does not survive a fork."""

    def __init__(self, location: Location) -> None:
        super().__init__(location)
        self._process = os.getpid()
        self._stamp = self._look()
        self._group = self._open()

    def _open(self) -> zarr.Group:
        uri = self.location.uri
        try:
            return zarr.open_group(self.location.address, mode="r", zarr_format=3, use_consolidated=False)
        except ImportError as error:
            raise StoreError(f"reading {uri} needs another package: {error}") from error
        except FileNotFoundError as error:
            if self.location.path is not None and not self.location.path.exists():
                raise StoreError(
                    f"there is no store at {self.location.address}; write one with `heartfeat extract`"
                ) from None
            raise StoreError(
                f"{uri} is not a heartfeat store: it has no Zarr 3 group (zarr.json) at its root"
            ) from error
        except PermissionError as error:
            raise self.unreadable("", error) from error
        except _BAD_METADATA as error:
            raise StoreError(f"{uri} is not a readable Zarr 3 store: {error}") from error

    def _look(self) -> tuple[int, int] | None:
        """What changes when the folder is replaced; None for a remote store or one that is not there."""
        if self.location.path is None:
            return None
        try:
            status = (self.location.path / "zarr.json").stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def check_same(self) -> None:
        """Raise StoreError when another store has taken this one's place since it was opened."""
        if self._look() != self._stamp:
            raise StoreError(
                f"{self.location.uri} was replaced since it was opened; open it again with open_store"
            )

    def _node(self, path: str) -> zarr.Group | zarr.Array:
        self.check_open()
        if self.location.path is None and os.getpid() != self._process:
            self._group, self._process = self._open(), os.getpid()
        try:
            node = self._group[path] if path else self._group
        except PermissionError as error:
            raise self.unreadable(path, error) from error
        except _BAD_METADATA as error:
            self.check_same()
            problem = "it is missing" if isinstance(error, KeyError) else str(error)
            raise self.damaged(path, problem) from error
        self.check_same()
        return node

    def stored_attrs(self, path: str = "") -> dict[str, Any]:
        node = self._node(path)
        if not isinstance(node, zarr.Group):
            raise self.damaged(path, "it is an array, and a group is expected")
        return node.attrs.asdict()

    def array(self, path: str) -> StoredArray:
        node = self._node(path)
        if not isinstance(node, zarr.Array):
            raise self.damaged(path, "it is a group, and an array is expected")
        if 0 in node.chunks:
            raise self.damaged(path, f"its chunks {node.chunks} hold nothing")
        if isinstance(node.store, LocalStore) and _is_plain(node):
            return ChunkFiles(node, node.store.root / node.path, self.check_same)
        return _LibraryArray(self, path)

    def library_array(self, path: str) -> zarr.Array:
        """The array as the zarr package sees it, opened in this process."""
        node = self._node(path)
        assert isinstance(node, zarr.Array)
        return node


class _LibraryArray(StoredArray):
    """A remote, compressed or sharded array, read through the zarr package."""

    def __init__(self, container: ZarrContainer, path: str) -> None:
        self._container, self._path, self._process = container, path, os.getpid()
        self._array = container.library_array(path)
        self.shape, self.dtype = self._array.shape, self._array.dtype
        self.gap = self._array.chunks[min(1, self._array.ndim - 1)] if self._array.ndim else 0

    def rows(self, view: int | None, start: int, stop: int) -> np.ndarray:
        if os.getpid() != self._process:
            self._array, self._process = self._container.library_array(self._path), os.getpid()
        try:
            chosen = self._array[start:stop] if view is None else self._array[view, start:stop]
        except (OSError, ValueError, RuntimeError) as error:
            raise self._container.damaged(self._path, str(error)) from error
        return np.asarray(chosen)


def _is_plain(array: zarr.Array) -> bool:
    """Whether each chunk file is the chunk's little-endian bytes, one view's rows at a time."""
    codecs = array.metadata.to_dict().get("codecs")
    little = codecs == (_LITTLE_ENDIAN,) or (codecs == (_BYTES,) and array.dtype.itemsize == 1)
    lead = min(1, array.ndim - 1)
    rows_of_one_view = array.chunks[:lead] == (1,) * lead and array.chunks[2:] == array.shape[2:]
    return little and array.ndim in (1, 2, 3) and rows_of_one_view
