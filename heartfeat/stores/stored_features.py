"""The arrays of one feature set, checked when they are first used."""

from functools import cached_property
from typing import Any

import numpy as np

from heartfeat.errors import StoreError
from heartfeat.stores.container import Container, StoredArray
from heartfeat.stores.index import Index, Names, check_offsets, several
from heartfeat.stores.places import grouped, merged
from heartfeat.stores.schema import check_feature_attrs, unknown


class StoredFeatures:
    """Attributes and arrays of a feature set, read by places.

    Parameters
    ----------
    container
        An open store.
    name
        Of the set.
    index
        Of the store.
    """

    def __init__(self, container: Container, name: str, index: Index) -> None:
        self._container, self.index = container, index
        self._path = f"features/{name}"
        self.name = name
        self.attrs: dict[str, Any] = container.attrs(self._path)
        try:
            check_feature_attrs(self.attrs)
        except StoreError as error:
            raise container.damaged(self._path, str(error)) from error
        self.views: tuple[str, ...] = tuple(self.attrs["views"])
        self._view_numbers = {view: number for number, view in enumerate(self.views)}
        self.dim: int = self.attrs["dim"]
        self.token_rate: float | None = self.attrs["token_rate"]
        self.statistics: tuple[str, ...] = tuple(self.attrs["statistics"])
        self.core_key: str = self.attrs["core_key"]

    @cached_property
    def offsets(self) -> np.ndarray:
        """``(recordings + 1,)`` int64: recording ``r`` owns token rows ``offsets[r]:offsets[r + 1]``."""
        offsets = self._container.read_checked(f"{self._path}/offsets")
        owners, rows = self.index.recording_count, self._tokens.shape[1]
        check_offsets(self._container, f"{self._path}/offsets", offsets, owners, rows)
        return offsets

    @cached_property
    def done(self) -> np.ndarray:
        """``(views, recordings)`` bool: whether the recording has features under the view."""
        self._container.shaped_array(f"{self._path}/done", (len(self.views), self.index.recording_count), "?")
        return self._container.read_checked(f"{self._path}/done")

    @cached_property
    def _tokens(self) -> StoredArray:
        return self._container.shaped_array(f"{self._path}/tokens", (len(self.views), None, self.dim), "<f2")

    @cached_property
    def _pooled(self) -> StoredArray:
        shape = (len(self.views), self.index.recording_count, self.dim * len(self.statistics))
        return self._container.shaped_array(f"{self._path}/pooled", shape, "<f4")

    @property
    def rows(self) -> int:
        """Token rows per view."""
        return self._tokens.shape[1]

    @property
    def nbytes(self) -> int:
        """Bytes of tokens and pooled tokens over all views."""
        return sum(
            int(np.prod(array.shape, dtype=np.int64)) * array.dtype.itemsize
            for array in (self._tokens, self._pooled)
        )

    def read_tokens(self, views: list[int], recordings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tokens ``(views, rows, D)`` of recordings by their places, and ``(recordings + 1,)`` offsets."""
        starts, stops = self.offsets[recordings], self.offsets[recordings + 1]
        offsets = np.concatenate([[0], np.cumsum(stops - starts)])
        return self._read(self._tokens, views, starts, stops), offsets

    def read_pooled(self, views: list[int], recordings: np.ndarray) -> np.ndarray:
        """Pooled tokens ``(views, recordings, D x statistics)`` of recordings by their places."""
        return self._read(self._pooled, views, recordings, recordings + 1)

    def _read(
        self, array: StoredArray, views: list[int], starts: np.ndarray, stops: np.ndarray
    ) -> np.ndarray:
        self._container.check_open()
        out = np.empty((len(views), int((stops - starts).sum()), *array.shape[2:]), array.dtype)
        groups = grouped(merged(starts, stops), array.gap)
        for number, view in enumerate(views):
            filled = 0
            for spans in groups:
                filled += array.read_spans(out[number, filled:], view, spans)
        return out

    def view_number(self, view: str) -> int:
        """Place of a view; StoreError names the nearest one where it is unknown."""
        number = self._view_numbers.get(view)
        if number is None:
            where = f"feature set {self.name!r} of {self._container.location.uri}"
            raise unknown("view", view, self.views, where)
        return number

    def view_numbers(self, view: Names) -> list[int]:
        """Places of one view or several; StoreError where none is named."""
        names = several(view)
        if not names:
            raise StoreError(f"name at least one view of the feature set {self.name!r}")
        return [self.view_number(name) for name in names]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._container, self.name, self.index)
