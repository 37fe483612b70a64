"""Rows that arrive a recording at a time, written in large slices."""

from collections.abc import Callable

import numpy as np

from heartfeat.errors import StoreError

SLAB_BYTES = 4 * 2**20
"""One write, and one Zarr chunk: enough for full disk speed, small enough to fetch for one recording."""

Put = Callable[[int, int, np.ndarray], None]


def slab_rows(shape: tuple[int, ...], itemsize: int) -> int:
    """Rows per slab of an array ``(views, rows, ...)`` or ``(rows,)``."""
    rows_at = min(1, len(shape) - 1)
    row_bytes = itemsize * int(np.prod(shape[rows_at + 1 :], dtype=np.int64))
    return max(1, min(shape[rows_at], SLAB_BYTES // row_bytes))


class RowSink:
    """Fills an array ``(views, rows, ...)`` in order, view after view.

    Parameters
    ----------
    shape, dtype
        Of the array.
    put
        ``put(view, start, block)`` writes rows from ``start`` on.
    """

    def __init__(self, shape: tuple[int, ...], dtype: str, put: Put) -> None:
        self.shape = shape
        self._slab = np.empty((slab_rows(shape, np.dtype(dtype).itemsize), *shape[2:]), dtype)
        self._put = put
        self._view = 0
        self._start = 0
        self._filled = 0

    def append(self, block: np.ndarray) -> None:
        """Add the next rows ``(n, ...)`` of the present view."""
        while len(block):
            taken = min(
                len(block), len(self._slab) - self._filled, self.shape[1] - self._start - self._filled
            )
            if taken <= 0 or self._view >= self.shape[0]:
                raise StoreError(
                    f"more rows than the {self.shape[0]} views of {self.shape[1]} rows announced"
                )
            self._slab[self._filled : self._filled + taken] = block[:taken]
            self._filled += taken
            block = block[taken:]
            if self._filled == len(self._slab) or self._start + self._filled == self.shape[1]:
                self._flush()

    def _flush(self) -> None:
        self._put(self._view, self._start, self._slab[: self._filled])
        self._start += self._filled
        self._filled = 0
        if self._start == self.shape[1]:
            self._view, self._start = self._view + 1, 0

    def finish(self) -> None:
        """Raise StoreError unless every row has come."""
        if self.shape[1] and self._view < self.shape[0]:
            raise StoreError(
                f"fewer rows than announced: view {self._view} of {self.shape[0]} ends at row "
                f"{self._start + self._filled} of {self.shape[1]}"
            )
