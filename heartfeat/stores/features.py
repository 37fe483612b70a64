"""One feature set of a store."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from heartfeat.errors import StoreError
from heartfeat.stores.container import Container, StoredArray
from heartfeat.stores.index import Index, check_offsets
from heartfeat.stores.schema import check_feature_attrs, unknown


@dataclass(frozen=True)
class Bag:
    """What one patient has in one feature set and view.

    Attributes
    ----------
    patient
        Patient id.
    recordings, sites
        Ids and sites of the recordings that have features; empty where the patient has none.
    tokens
        Per recording ``(rows, D)`` float16.
    pooled
        ``(recordings, D x statistics)`` float32.
    """

    patient: str
    recordings: tuple[str, ...]
    sites: tuple[str, ...]
    tokens: tuple[np.ndarray, ...]
    pooled: np.ndarray


class FeatureSet:
    """Tokens and pooled tokens of one backbone with one preprocessing.

    Attributes
    ----------
    name
        Of the set.
    attrs
        Everything that went into it, as stored.
    views
        Names of the views, the first axis of the arrays.
    dim
        Features per token, D.
    token_rate
        Tokens per second, or None where tokens are not evenly spaced in time.
    statistics
        Statistics of the pooled tokens, each over D features, in order.
    core_key
        SHA-256 of ``attrs["core"]``.
    """

    def __init__(self, container: Container, name: str, index: Index) -> None:
        self._container, self._index = container, index
        self._path = f"features/{name}"
        self.name = name
        self.attrs: dict[str, Any] = container.attrs(self._path)
        try:
            check_feature_attrs(self.attrs)
        except StoreError as error:
            raise container.damaged(self._path, str(error)) from error
        self.views: tuple[str, ...] = tuple(self.attrs["views"])
        self.dim: int = self.attrs["dim"]
        self.token_rate: float | None = self.attrs["token_rate"]
        self.statistics: tuple[str, ...] = tuple(self.attrs["statistics"])
        self.core_key: str = self.attrs["core_key"]

    @cached_property
    def offsets(self) -> np.ndarray:
        """``(recordings + 1,)`` int64: recording ``r`` owns token rows ``offsets[r]:offsets[r + 1]``."""
        offsets = self._container.array(f"{self._path}/offsets").read()
        owners, rows = self._index.recording_count, self._tokens.shape[1]
        check_offsets(self._container, f"{self._path}/offsets", offsets, owners, rows)
        return offsets

    @cached_property
    def done(self) -> np.ndarray:
        """``(views, recordings)`` bool: whether the recording has features under the view."""
        return self._array("done", (len(self.views), self._index.recording_count), "?").read()

    @cached_property
    def _tokens(self) -> StoredArray:
        return self._array("tokens", (len(self.views), None, self.dim), "<f2")

    @cached_property
    def _pooled(self) -> StoredArray:
        width = self.dim * len(self.statistics)
        return self._array("pooled", (len(self.views), self._index.recording_count, width), "<f4")

    def _array(self, name: str, shape: tuple[int | None, ...], dtype: str) -> StoredArray:
        array = self._container.array(f"{self._path}/{name}")
        fits = len(array.shape) == len(shape) and all(
            w in (None, n) for w, n in zip(shape, array.shape, strict=True)
        )
        if not fits or array.dtype != np.dtype(dtype):
            raise self._container.damaged(
                f"{self._path}/{name}",
                f"{np.dtype(dtype)} {shape} expected, found {array.dtype} {array.shape}",
            )
        return array

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

    def tokens(
        self, view: str = "clean", recording: str | None = None, patient: str | None = None
    ) -> np.ndarray:
        """Tokens ``(rows, D)`` float16 of one recording, of one patient or of all, in RAM.

        Raises
        ------
        StoreError
            When the view, recording or patient is unknown, or both of the latter are given.
        """
        self._container.check_open()
        number = self._view(view)
        first, last = self._span(recording, patient)
        return self._tokens.rows(number, int(self.offsets[first]), int(self.offsets[last]))

    def pooled(
        self, view: str = "clean", recording: str | None = None, patient: str | None = None
    ) -> np.ndarray:
        """Pooled tokens float32: ``(D x statistics,)`` of one recording, else one such row per recording.

        A recording without features is NaN throughout.
        """
        self._container.check_open()
        rows = self._pooled.rows(self._view(view), *self._span(recording, patient))
        return rows if recording is None else rows[0]

    def bags(self, view: str = "clean", patients: Iterable[str] | None = None) -> Iterator[Bag]:
        """Each patient's recordings, in the order asked for (None: all, in stored order)."""
        number = self._view(view)
        chosen: Sequence[str] = self._index.patients if patients is None else list(patients)
        places = [self._index.patient(name) for name in chosen]
        return (self._bag(number, place) for place in places)

    def _bag(self, view: int, patient: int) -> Bag:
        self._container.check_open()
        first, last = self._index.recordings_of(patient)
        bounds = self.offsets[first : last + 1]
        tokens = self._tokens.rows(view, int(bounds[0]), int(bounds[-1]))
        pieces = np.split(tokens, bounds[1:-1] - bounds[0])
        done = np.flatnonzero(self.done[view, first:last])
        return Bag(
            patient=self._index.patients[patient],
            recordings=tuple(self._index.recordings[first + place] for place in done),
            sites=tuple(self._index.sites[int(first + place)] for place in done),
            tokens=tuple(pieces[place] for place in done),
            pooled=self._pooled.rows(view, first, last)[done],
        )

    def _view(self, view: str) -> int:
        if view not in self.views:
            raise unknown(
                "view", view, self.views, f"feature set {self.name!r} of {self._container.location.uri}"
            )
        return self.views.index(view)

    def _span(self, recording: str | None, patient: str | None) -> tuple[int, int]:
        if recording is not None and patient is not None:
            raise StoreError("give a recording or a patient, not both")
        if recording is not None:
            place = self._index.recording(recording)
            return place, place + 1
        if patient is not None:
            return self._index.recordings_of(self._index.patient(patient))
        return 0, self._index.recording_count

    def __repr__(self) -> str:
        rate = "" if self.token_rate is None else f", {self.token_rate:g} tokens/s"
        return f"FeatureSet {self.name!r}: {len(self.views)} views x {self.rows:,} tokens x {self.dim}{rate}"
