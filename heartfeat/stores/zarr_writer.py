"""Zarr 3 for writing: a local folder of plain files, no compression."""

import os
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from heartfeat.replace import flush
from heartfeat.stores.row_sink import RowSink, slab_rows
from heartfeat.stores.tree_writer import TreeWriter
from heartfeat.stores.zarr_metadata import array_metadata, group_metadata

METADATA = "zarr.json"


class ZarrWriter(TreeWriter):
    """A new Zarr folder. Every chunk is written, whole."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        path.mkdir()

    def write_group(self, path: str, attrs: Mapping[str, Any]) -> None:
        self._write(f"{path}/{METADATA}" if path else METADATA, group_metadata(attrs))

    def write_array(self, path: str, values: np.ndarray) -> None:
        lead = values if values.ndim > 1 else values[None]
        put = self._create(path, values.shape, values.dtype)
        rows = slab_rows(values.shape, values.dtype.itemsize)
        for view, own in enumerate(lead):
            for start in range(0, len(own), rows):
                put(view, start, own[start : start + rows])

    def sink(self, path: str, shape: tuple[int, ...], dtype: str) -> RowSink:
        return RowSink(shape, dtype, self._create(path, shape, np.dtype(dtype)))

    def _create(self, path: str, shape: tuple[int, ...], dtype: np.dtype) -> "_Chunks":
        rows = slab_rows(shape, dtype.itemsize)
        chunks = (*(1,) * min(1, len(shape) - 1), rows, *shape[2:])
        self._write(f"{path}/{METADATA}", array_metadata(shape, dtype, chunks))
        return _Chunks(self._path / path / "c", dtype, chunks)

    def _write(self, path: str, content: bytes) -> None:
        file = self._path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def take_over(self, source: Path, path: str) -> None:
        shutil.copytree(source / path, self._path / path, copy_function=_link_or_copy)

    def finish(self) -> None:
        # A file system commits together what is flushed at the same time: many times faster than in turn.
        with ThreadPoolExecutor(32) as pool:
            list(pool.map(flush, (self._path, *self._path.rglob("*"))))

    def abandon(self) -> None:
        pass


class _Chunks:
    """Writes an array's chunks, one slab of rows of one view each, as files."""

    def __init__(self, folder: Path, dtype: np.dtype, chunks: tuple[int, ...]) -> None:
        self._folder, self._chunks = folder, chunks
        self._dtype = dtype.newbyteorder("<")

    def __call__(self, view: int, start: int, block: np.ndarray) -> None:
        lead = min(1, len(self._chunks) - 1)
        number, rows = start // self._chunks[lead], self._chunks[lead]
        chunk = np.zeros((rows, *self._chunks[lead + 1 :]), self._dtype)
        if chunk.dtype.kind == "f":
            chunk[len(block) :] = np.nan
        chunk[: len(block)] = block
        place = (*(view,) * lead, number, *(0,) * (len(self._chunks) - lead - 1))
        file = self._folder.joinpath(*map(str, place))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(chunk.tobytes())


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without hard links
        shutil.copy2(source, target)
