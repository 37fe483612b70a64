"""HDF5 for reading: one look at the file's layout, then a memory map.

A contiguous HDF5 dataset is a plain stretch of bytes whose place the library tells. The file is open in HDF5
only while the layout is read, so no HDF5 handle can reach a forked process, and reads run at the speed of a
memory map.
"""

import json
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from heartfeat.errors import StoreError
from heartfeat.stores.container import Container, StoredArray
from heartfeat.stores.location import Location
from heartfeat.stores.row_sink import slab_rows

ATTRIBUTES = "attributes"
"""HDF5 attribute of every group: its attributes as one JSON text of fixed length."""


class Hdf5Container(Container):
    """An HDF5 store."""

    def __init__(self, location: Location) -> None:
        super().__init__(location)
        self._path = location.path or Path(location.uri)
        self._attrs: dict[str, str | bytes] = {}
        self._arrays: dict[str, StoredArray] = {}
        self._load()

    def _load(self) -> None:
        """Read the layout and map the file, both of the same file even while it is being replaced."""
        try:
            while True:
                with self._path.open("rb") as file:
                    mapped = np.memmap(file, np.uint8, "r")
                    identity = self._identity()
                    self._read_layout(mapped)
                    if self._identity() == identity and _file_identity(file.fileno()) == identity:
                        return
        except FileNotFoundError:
            raise StoreError(
                f"there is no store at {self.location.address}; write one with `heartfeat extract`"
            ) from None
        except PermissionError as error:
            raise self.unreadable("", error) from error
        except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
            raise StoreError(_explain(self.location.uri, self._path, error)) from error

    def _identity(self) -> tuple[int, int]:
        status = self._path.stat()
        return status.st_dev, status.st_ino

    def _read_layout(self, mapped: np.memmap) -> None:
        self._attrs, self._arrays = {}, {}

        def visit(path: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Group):
                self._attrs[path] = item.attrs.get(ATTRIBUTES, "{}")
            else:
                self._arrays[path] = _array(self._path, path, item, mapped)

        with h5py.File(self._path, "r", locking=False) as file:
            visit("", file)
            file.visititems(visit)

    def stored_attrs(self, path: str = "") -> dict[str, Any]:
        self.check_open()
        if path not in self._attrs:
            raise self.damaged(path, "the group is missing")
        try:
            attrs = json.loads(self._attrs[path])
        except (ValueError, TypeError, RecursionError) as error:
            raise self.damaged(path, f"its attributes are not JSON ({error})") from error
        if not isinstance(attrs, dict):
            raise self.damaged(path, "its attributes are not a JSON object")
        return attrs

    def array(self, path: str) -> StoredArray:
        self.check_open()
        if path not in self._arrays:
            raise self.damaged(path, "the array is missing")
        return self._arrays[path]

    def close(self) -> None:
        super().close()
        self._arrays = {}


class _MappedArray(StoredArray):
    def __init__(self, values: np.ndarray) -> None:
        self._values = values
        self.shape, self.dtype = values.shape, values.dtype
        self._slab = slab_rows(values.shape, values.dtype.itemsize) if values.size else 1

    def rows(self, view: int | None, start: int, stop: int) -> np.ndarray:
        values = self._values[start:stop] if view is None else self._values[view, start:stop]
        if stop - start <= self._slab:
            return values.copy()
        out = np.empty_like(values)
        self.read_into(out, view, start)
        return out

    def read_into(self, out: np.ndarray, view: int | None, start: int) -> None:
        values = (self._values if view is None else self._values[view])[start : start + len(out)]
        # Slabs stay in the processor's cache while new memory is cleared and filled; one large copy does not.
        for first in range(0, len(out), self._slab):
            out[first : first + self._slab] = values[first : first + self._slab]


class _LibraryArray(StoredArray):
    """A chunked or compressed dataset, which only the library can read; the file is opened for each read."""

    def __init__(self, file: Path, path: str, dataset: h5py.Dataset) -> None:
        self._file, self._path = file, path
        self.shape, self.dtype = dataset.shape, dataset.dtype
        self.gap = dataset.chunks[min(1, dataset.ndim - 1)] if dataset.chunks else 0

    def rows(self, view: int | None, start: int, stop: int) -> np.ndarray:
        try:
            with h5py.File(self._file, "r", locking=False) as file:
                dataset = file[self._path]
                return dataset[start:stop] if view is None else dataset[view, start:stop]
        except (OSError, KeyError) as error:
            raise StoreError(f"{self._file} cannot be read at {self._path}: {error}") from error


def _array(file: Path, path: str, dataset: h5py.Dataset, mapped: np.memmap) -> StoredArray:
    size = dataset.size * dataset.dtype.itemsize
    if size == 0:
        return _MappedArray(np.empty(dataset.shape, dataset.dtype))
    offset = dataset.id.get_offset()
    if offset is None:
        return _LibraryArray(file, path, dataset)
    if offset + size > len(mapped):
        raise OSError(f"truncated file: {path} ends at byte {offset + size} of {len(mapped)}")
    return _MappedArray(np.asarray(mapped)[offset : offset + size].view(dataset.dtype).reshape(dataset.shape))


def _file_identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def _explain(uri: str, path: Path, error: Exception) -> str:
    if "truncated" in str(error):
        return f"{uri} is truncated ({error}); restore it from a copy, or move it away and extract again"
    if not path.is_file() or not h5py.is_hdf5(path):
        return f"{uri} is not a heartfeat store: it is not an HDF5 file"
    return f"{uri} cannot be read ({error}); restore it from a copy, or move it away and extract again"
