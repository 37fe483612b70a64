"""Zarr 3 for writing: a local folder, no compression."""

import os
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from heartfeat.stores.container import TreeWriter
from heartfeat.stores.row_sink import RowSink, slab_rows


class ZarrWriter(TreeWriter):
    """A new Zarr folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._root = zarr.create_group(path, zarr_format=3)

    def group(self, path: str, attrs: Mapping[str, Any]) -> None:
        group = self._root.require_group(path) if path else self._root
        group.attrs.put(dict(attrs))

    def array(self, path: str, values: np.ndarray) -> None:
        self._create(path, values.shape, values.dtype)[...] = values

    def sink(self, path: str, shape: tuple[int, ...], dtype: str) -> RowSink:
        array = self._create(path, shape, np.dtype(dtype))

        def put(view: int, start: int, block: np.ndarray) -> None:
            array[view, start : start + len(block)] = block

        return RowSink(shape, dtype, put)

    def _create(self, path: str, shape: tuple[int, ...], dtype: np.dtype) -> zarr.Array:
        lead = (1,) * min(1, len(shape) - 1)
        # Every chunk is written, and floats fill with NaN, so that a lost chunk can never pass for silence.
        return self._root.create_array(
            path,
            shape=shape,
            dtype=dtype,
            chunks=(*lead, slab_rows(shape, dtype.itemsize), *shape[2:]),
            compressors=None,
            fill_value=float("nan") if dtype.kind == "f" else 0,
            config={"write_empty_chunks": True},
        )

    def take_over(self, source: Path, path: str) -> None:
        self._root.require_group(str(Path(path).parent))
        shutil.copytree(source / path, self._path / path, copy_function=_link_or_copy)

    def close(self) -> None:
        # A file system commits together what is flushed at the same time: many times faster than in turn.
        with ThreadPoolExecutor(32) as pool:
            list(pool.map(_flush, (self._path, *self._path.rglob("*"))))

    def abandon(self) -> None:
        pass


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without hard links
        shutil.copy2(source, target)
