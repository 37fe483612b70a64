"""Uncompressed Zarr chunks of a local folder, read as the plain files that they are.

The zarr package spends about a millisecond per read on scheduling; mapping the chunk files reads whole
recordings tens of times faster. The metadata still come from the package, which also reads every other array.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import zarr

from heartfeat.errors import StoreError, UnreadableError
from heartfeat.stores.container import LostRows, StoredArray

MAPPED_CHUNKS = 1024
"""Chunks of one array mapped at a time: processes may hold about 65,000 maps."""


class ChunkFiles(StoredArray):
    """An array whose chunks are ``(rows,)`` or ``(1, rows, ...)`` in C order.

    Parameters
    ----------
    array
        For its shape, chunks and chunk names.
    folder
        The array's folder.
    check_same
        Called after a chunk was mapped; raises when the store was replaced meanwhile.
    """

    def __init__(self, array: zarr.Array, folder: Path, check_same: Callable[[], None]) -> None:
        self.shape, self.dtype = array.shape, array.dtype
        self._chunk = array.chunks[min(1, array.ndim - 1) :]
        self._name = array.metadata.encode_chunk_key
        self._folder = folder
        self._check_same = check_same
        self._map = lru_cache(MAPPED_CHUNKS)(self._map_chunk)

    def rows(self, view: int | None, start: int, stop: int) -> np.ndarray:
        if stop > start:
            # A shape that is a lie is found out by the last chunk, before memory is asked for.
            self._map(view, (stop - 1) // self._chunk[0])
        size = self._chunk[0]
        first = start // size
        if start < stop <= (first + 1) * size:
            return self._map(view, first)[start - first * size : stop - first * size].copy()
        out = np.empty((max(0, stop - start), *self._chunk[1:]), self.dtype)
        self.read_into(out, view, start)
        return out

    def read_into(self, out: np.ndarray, view: int | None, start: int) -> None:
        size, stop = self._chunk[0], start + len(out)
        while start < stop:
            number = start // size
            low, high = start - number * size, min(stop - number * size, size)
            out[len(out) - (stop - start) :][: high - low] = self._map(view, number)[low:high]
            start += high - low

    def _map_chunk(self, view: int | None, number: int) -> np.ndarray:
        file = self._file(view, number)
        try:
            problem = self._problem(file)
            if not problem:
                chunk = np.memmap(file, self.dtype, "r", shape=self._chunk)
        except OSError as error:  # such as no permission: the chunk may be as good as ever
            self._check_same()
            raise UnreadableError(f"the chunk {file} cannot be read ({error}); make it readable") from error
        self._check_same()
        if problem:
            raise StoreError(
                f"the store is damaged: the chunk {file} {problem}; look further with `heartfeat store verify`"
            )
        return np.asarray(chunk)

    def _file(self, view: int | None, number: int) -> Path:
        place = (number,) if view is None else (view, number, *[0] * (len(self._chunk) - 1))
        return self._folder / self._name(place)

    def _problem(self, file: Path) -> str:
        """Why a chunk file cannot be the chunk, judged by its size; empty where it can."""
        expected = self.dtype.itemsize * math.prod(self._chunk)
        try:
            size = file.stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return "is missing"
        return "" if size == expected else f"has {size} bytes, not {expected}"

    def lost_rows(self) -> list[LostRows]:
        views = [None] if len(self.shape) == 1 else list(range(self.shape[0]))
        total, size = self.shape[min(1, len(self.shape) - 1)], self._chunk[0]
        lost = []
        for view in views:
            for start in range(0, total, size):
                file = self._file(view, start // size)
                if problem := self._problem(file):
                    lost.append(
                        LostRows(view, start, min(total, start + size), f"the chunk {file} {problem}")
                    )
        return lost
