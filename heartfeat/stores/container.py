"""What both containers offer: a tree of groups with attributes, and arrays."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from heartfeat.errors import StoreError
from heartfeat.stores.location import Location
from heartfeat.stores.row_sink import RowSink


class StoredArray(ABC):
    """An array on disk: ``(n,)``, or ``(views, n, ...)`` read one view at a time."""

    shape: tuple[int, ...]
    dtype: np.dtype

    @abstractmethod
    def rows(self, view: int | None, start: int, stop: int) -> np.ndarray:
        """A copy of rows ``start:stop`` of one view, or of a one-dimensional array (``view`` None)."""

    def read(self, view: int | None = None) -> np.ndarray:
        """A copy of one view, of a one-dimensional array, or (``view`` None) of all views."""
        if len(self.shape) == 1 or view is not None:
            return self.rows(view, 0, self.shape[-1 if len(self.shape) == 1 else 1])
        if self.shape[0] == 0:
            return np.empty(self.shape, self.dtype)
        return np.stack([self.rows(number, 0, self.shape[1]) for number in range(self.shape[0])])


class Container(ABC):
    """A store opened for reading. Paths are relative, with ``/`` between names; ``""`` is the root."""

    def __init__(self, location: Location) -> None:
        self.location = location
        self._closed = False

    @abstractmethod
    def attrs(self, path: str = "") -> dict[str, Any]:
        """Attributes of a group.

        Raises
        ------
        StoreError
            When the group is missing or unreadable.
        """

    @abstractmethod
    def array(self, path: str) -> StoredArray:
        """An array, of which nothing is read yet.

        Raises
        ------
        StoreError
            When the array is missing or unreadable.
        """

    def close(self) -> None:
        """Let go of files; reading afterwards is an error."""
        self._closed = True

    def check_open(self) -> None:
        """Raise StoreError once the store was closed."""
        if self._closed:
            raise StoreError(f"{self.location.uri} was closed; open it again with open_store")

    def damaged(self, path: str, problem: str) -> StoreError:
        """The error for an element that is missing or contradicts the rest."""
        return StoreError(
            f"{self.location.uri} is damaged at {path or 'its root'}: {problem}. "
            "Restore it from a copy, or move it away and extract again"
        )


class TreeWriter(ABC):
    """A new tree being written; nothing is there before ``close`` returned."""

    @abstractmethod
    def group(self, path: str, attrs: Mapping[str, Any]) -> None:
        """Create a group with attributes."""

    @abstractmethod
    def array(self, path: str, values: np.ndarray) -> None:
        """Write a whole array."""

    @abstractmethod
    def sink(self, path: str, shape: tuple[int, ...], dtype: str) -> RowSink:
        """Create ``(views, rows, ...)`` to be filled in order."""

    @abstractmethod
    def take_over(self, source: Path, path: str) -> None:
        """Take a group over, unchanged, from the store of the same container at ``source``."""

    @abstractmethod
    def close(self) -> None:
        """Finish the tree and bring it to the disk."""

    @abstractmethod
    def abandon(self) -> None:
        """Let go of the unfinished tree, which the caller removes."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abandon()


def open_container(location: Location) -> Container:
    """Open a store's container for reading; only the library that it needs is imported."""
    if location.kind == "zarr":
        from heartfeat.stores.zarr_reader import ZarrContainer

        return ZarrContainer(location)
    from heartfeat.stores.hdf5_reader import Hdf5Container

    return Hdf5Container(location)


def create_container(location: Location, path: Path) -> TreeWriter:
    """Start a tree of the location's container at ``path``, where nothing is yet."""
    if location.kind == "zarr":
        from heartfeat.stores.zarr_writer import ZarrWriter

        return ZarrWriter(path)
    from heartfeat.stores.hdf5_writer import Hdf5Writer

    return Hdf5Writer(path)
