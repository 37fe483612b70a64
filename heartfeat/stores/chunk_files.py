"""Uncompressed Zarr chunks of a local folder, read as the plain files that they are.

The zarr package spends about a millisecond per read on scheduling; mapping the chunk files reads whole
recordings tens of times faster. The metadata still come from the package, which also reads every other array.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import zarr

from heartfeat.errors import StoreError
from heartfeat.stores.container import StoredArray

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
        size = self._chunk[0]
        first, last = start // size, (stop - 1) // size
        if stop > start and first == last:
            return np.array(self._map(view, first)[start - first * size : stop - first * size])
        out = np.empty((max(0, stop - start), *self._chunk[1:]), self.dtype)
        for number in range(first, last + 1) if stop > start else ():
            low, high = max(start, number * size), min(stop, (number + 1) * size)
            out[low - start : high - start] = self._map(view, number)[
                low - number * size : high - number * size
            ]
        return out

    def _map_chunk(self, view: int | None, number: int) -> np.ndarray:
        place = (number,) if view is None else (view, number, *[0] * (len(self._chunk) - 1))
        file = self._folder / self._name(place)
        try:
            chunk = np.memmap(file, self.dtype, "r", shape=self._chunk)
        except (OSError, ValueError) as error:
            self._check_same()
            problem = f"has {file.stat().st_size} bytes, too few" if file.exists() else "is missing"
            raise StoreError(f"the store is damaged: the chunk {file} {problem}; extract again") from error
        self._check_same()
        return np.asarray(chunk)
