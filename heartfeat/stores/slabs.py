"""Reading an array from front to back: a slab at a time, so that small steps cost no small reads."""

import numpy as np

from heartfeat.errors import StoreError
from heartfeat.stores.container import StoredArray
from heartfeat.stores.row_sink import slab_rows


class Slabs:
    """Rows of an array ``(views, rows, ...)``, of which the slab last read stays in memory.

    Parameters
    ----------
    array
        A slab is as large as a chunk that heartfeat writes.
    """

    def __init__(self, array: StoredArray) -> None:
        self._array = array
        self._size = slab_rows(array.shape, array.dtype.itemsize)
        self._place = (-1, -1)
        self._slab = np.empty(0, array.dtype)

    def rows(self, view: int, start: int, stop: int) -> np.ndarray:
        """A copy of rows ``start:stop`` of one view.

        Raises
        ------
        StoreError
            When any of these rows cannot be read.
        """
        out = np.empty((stop - start, *self._array.shape[2:]), self._array.dtype)
        for number in range(start // self._size, -(-stop // self._size)):
            low, high = max(start, number * self._size), min(stop, (number + 1) * self._size)
            out[low - start : high - start] = self._part(view, number, low, high)
        return out

    def _part(self, view: int, number: int, low: int, high: int) -> np.ndarray:
        first = number * self._size
        if self._place != (view, number):
            try:
                slab = self._array.rows(view, first, min(first + self._size, self._array.shape[1]))
            except StoreError:  # of another layout, with damage in another part of the slab perhaps
                return self._array.rows(view, low, high)
            self._place, self._slab = (view, number), slab
        return self._slab[low - first : high - first]
