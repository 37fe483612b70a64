"""A store's tree being written, in either container."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from heartfeat.stores.checksums import array_checksum, seal
from heartfeat.stores.location import Location
from heartfeat.stores.row_sink import RowSink


class TreeWriter(ABC):
    """A new tree being written; nothing is there before ``close`` returned."""

    def __init__(self) -> None:
        self._groups: dict[str, Mapping[str, Any]] = {"": {}}
        self._checksums: dict[str, dict[str, int]] = {}

    def group(self, path: str, attrs: Mapping[str, Any]) -> None:
        """Say a group's attributes, which are written at the end, with checksums of the group's arrays."""
        self._groups[path] = attrs

    def array(self, path: str, values: np.ndarray) -> None:
        """Write a whole array, with its checksum among the group's attributes."""
        group, _, name = path.rpartition("/")
        self._checksums.setdefault(group, {})[name] = array_checksum(values)
        self.write_array(path, values)

    def close(self) -> None:
        """Finish the tree and bring it to the disk."""
        for path, attrs in self._groups.items():
            self.write_group(path, seal(attrs, self._checksums.get(path, {})))
        self.finish()

    @abstractmethod
    def write_group(self, path: str, attrs: Mapping[str, Any]) -> None:
        """Create a group with attributes."""

    @abstractmethod
    def write_array(self, path: str, values: np.ndarray) -> None:
        """Create an array and fill it."""

    @abstractmethod
    def sink(self, path: str, shape: tuple[int, ...], dtype: str) -> RowSink:
        """Create ``(views, rows, ...)`` to be filled in order; its checksums are the caller's business."""

    @abstractmethod
    def take_over(self, source: Path, path: str) -> None:
        """Take a group over, unchanged, from the store of the same container at ``source``."""

    @abstractmethod
    def finish(self) -> None:
        """Bring everything written to the disk."""

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


def create_container(location: Location, path: Path) -> TreeWriter:
    """Start a tree of the location's container at ``path``, where nothing is yet."""
    if location.kind == "zarr":
        from heartfeat.stores.zarr_writer import ZarrWriter

        return ZarrWriter(path)
    from heartfeat.stores.hdf5_writer import Hdf5Writer

    return Hdf5Writer(path)
