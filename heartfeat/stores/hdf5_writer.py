"""HDF5 for writing: contiguous datasets, no compression."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from heartfeat.replace import flush
from heartfeat.stores.hdf5_reader import ATTRIBUTES
from heartfeat.stores.row_sink import RowSink
from heartfeat.stores.schema import ordered_json
from heartfeat.stores.tree_writer import TreeWriter


class Hdf5Writer(TreeWriter):
    """A new HDF5 file. Arrays start at multiples of 64 bytes, so that a memory map of them is aligned."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        # Since HDF5 1.8 the library's own structures have checksums, but only in files that say they need it.
        self._file = h5py.File(
            path, "x", libver=("v108", "v108"), alignment_threshold=512, alignment_interval=64
        )

    def write_group(self, path: str, attrs: Mapping[str, Any]) -> None:
        with _disk_errors():
            group = self._file.require_group(path) if path else self._file
            # Text of fixed length lies among the structures with checksums; other text does not, and where that is
        # damaged the library may never come back.
        group.attrs[ATTRIBUTES] = np.bytes_(ordered_json(attrs).encode())

    def write_array(self, path: str, values: np.ndarray) -> None:
        with _disk_errors():
            self._file.create_dataset(path, data=values)

    def sink(self, path: str, shape: tuple[int, ...], dtype: str) -> RowSink:
        # Every row is written, so filling the space first would only cost a second pass over the disk.
        dataset = self._file.create_dataset(path, shape=shape, dtype=dtype, fill_time="never")

        def put(view: int, start: int, block: np.ndarray) -> None:
            with _disk_errors():
                dataset[view, start : start + len(block)] = block

        return RowSink(shape, dtype, put)

    def take_over(self, source: Path, path: str) -> None:
        with _disk_errors(), h5py.File(source, "r", locking=False) as file:
            file.copy(file[path], self._file.require_group(str(Path(path).parent)))

    def finish(self) -> None:
        with _disk_errors():
            self._file.close()
        flush(self._path)

    def abandon(self) -> None:
        with suppress(RuntimeError, OSError):  # the reason for giving up is already on its way to the user
            self._file.close()


@contextmanager
def _disk_errors() -> Iterator[None]:
    """The library reports a full disk as RuntimeError or OSError, in several lines."""
    try:
        yield
    except (RuntimeError, OSError) as error:
        raise OSError(" ".join(str(error).split())) from error
