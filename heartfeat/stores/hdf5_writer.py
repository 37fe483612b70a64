"""HDF5 for writing: contiguous datasets, no compression."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from heartfeat.stores.container import TreeWriter
from heartfeat.stores.hdf5_reader import ATTRIBUTES
from heartfeat.stores.row_sink import RowSink
from heartfeat.stores.schema import ordered_json


class Hdf5Writer(TreeWriter):
    """A new HDF5 file. Arrays start at multiples of 64 bytes, so that a memory map of them is aligned."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = h5py.File(path, "x", alignment_threshold=512, alignment_interval=64)

    def group(self, path: str, attrs: Mapping[str, Any]) -> None:
        group = self._file.require_group(path) if path else self._file
        group.attrs[ATTRIBUTES] = ordered_json(attrs)

    def array(self, path: str, values: np.ndarray) -> None:
        self._file.create_dataset(path, data=values)

    def sink(self, path: str, shape: tuple[int, ...], dtype: str) -> RowSink:
        # Every row is written, so filling the space first would only cost a second pass over the disk.
        dataset = self._file.create_dataset(path, shape=shape, dtype=dtype, fill_time="never")

        def put(view: int, start: int, block: np.ndarray) -> None:
            dataset[view, start : start + len(block)] = block

        return RowSink(shape, dtype, put)

    def take_over(self, source: Path, path: str) -> None:
        with h5py.File(source, "r", locking=False) as file:
            file.copy(file[path], self._file.require_group(str(Path(path).parent)))

    def close(self) -> None:
        try:
            self._file.close()
        except RuntimeError as error:  # how the library reports a disk that fills up in the last flush
            raise OSError(str(error)) from error
        with self._path.open("rb") as file:
            os.fsync(file.fileno())

    def abandon(self) -> None:
        with suppress(RuntimeError, OSError):  # the reason for giving up is already on its way to the user
            self._file.close()
