"""A store opened for reading: the notebook's way in."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self, overload

import numpy as np
import polars as pl

from heartfeat.errors import StoreError
from heartfeat.stores.container import open_container
from heartfeat.stores.features import Bag, FeatureSet
from heartfeat.stores.index import Index
from heartfeat.stores.location import Location, locate
from heartfeat.stores.replace import recover
from heartfeat.stores.schema import check_format, unknown
from heartfeat.stores.summary import describe, summarise
from heartfeat.stores.tables import read_table


class Store:
    """A patient-indexed feature store; `open_store` makes one.

    Tables and arrays are read when they are asked for. A store may be pickled and used after a fork or a
    spawn: no file handle crosses from one process into another.

    Attributes
    ----------
    uri
        Where it was opened.
    attrs
        Attributes of the whole store.
    feature_sets
        Names of the feature sets.
    """

    def __init__(self, location: Location) -> None:
        self.uri = location.uri
        self._location = location
        self._container = open_container(location)
        self.attrs: dict[str, Any] = self._container.attrs()
        check_format(self.attrs, self.uri)
        sets = self._container.attrs("features").get("sets")
        if not isinstance(sets, list):
            raise self._container.damaged("features", "the names of the feature sets are missing")
        self.feature_sets: tuple[str, ...] = tuple(sets)
        self._index = Index(self._container)
        self._features: dict[str, FeatureSet] = {}

    @property
    def container(self) -> str:
        """``"zarr"`` or ``"hdf5"``."""
        return self._location.kind

    @property
    def path(self) -> Path | None:
        """Absolute local path, or None for a remote store."""
        return self._location.path

    @cached_property
    def recordings(self) -> pl.DataFrame:
        """One row per recording, a patient's rows contiguous."""
        return read_table(self._container, "recordings")

    @cached_property
    def patients(self) -> pl.DataFrame:
        """One row per patient, in the order of the recordings."""
        return read_table(self._container, "patients")

    @property
    def patient_offsets(self) -> np.ndarray:
        """``(patients + 1,)`` int64: patient ``p`` owns recordings ``offsets[p]:offsets[p + 1]``."""
        return self._index.patient_offsets

    def features(self, name: str | None = None) -> FeatureSet:
        """A feature set; the name may be left out where there is one only.

        Raises
        ------
        StoreError
            When there is no such set, or several and no name; the sets that are there are named.
        """
        self._container.check_open()
        if name is None:
            if len(self.feature_sets) != 1:
                there = ", ".join(self.feature_sets) or "none"
                raise StoreError(
                    f"{self.uri} holds {len(self.feature_sets)} feature sets ({there}): say which one"
                )
            name = self.feature_sets[0]
        if name not in self.feature_sets:
            raise unknown("feature set", name, self.feature_sets, self.uri)
        if name not in self._features:
            self._features[name] = FeatureSet(self._container, name, self._index)
        return self._features[name]

    @overload
    def tokens(
        self,
        features: str | None = None,
        *,
        recording: list[str] | tuple[str, ...],
        patient: None = None,
        view: str = "clean",
    ) -> list[np.ndarray]: ...

    @overload
    def tokens(
        self,
        features: str | None = None,
        *,
        recording: str | None = None,
        patient: str | None = None,
        view: str = "clean",
    ) -> np.ndarray: ...

    def tokens(
        self,
        features: str | None = None,
        *,
        recording: str | list[str] | tuple[str, ...] | None = None,
        patient: str | None = None,
        view: str = "clean",
    ) -> np.ndarray | list[np.ndarray]:
        """Tokens ``(rows, D)`` float16, in RAM.

        Parameters
        ----------
        features
            Feature set; may be left out where there is one only.
        recording
            One id gives its tokens, several give a list of arrays.
        patient
            All rows of one patient's recordings, one after the other.
        view
            Name of a view.

        Returns
        -------
        np.ndarray or list of np.ndarray
            Without recording and patient, the whole set under the view; ``features(name).offsets`` cuts it.

        Raises
        ------
        StoreError
            When a name is unknown.
        """
        chosen = self.features(features)
        if recording is None or isinstance(recording, str):
            return chosen.tokens(view, recording, patient)
        return [chosen.tokens(view, name, patient) for name in recording]

    def pooled(
        self,
        features: str | None = None,
        *,
        view: str = "clean",
        recording: str | list[str] | tuple[str, ...] | None = None,
        patient: str | None = None,
    ) -> np.ndarray:
        """Pooled tokens float32: ``(D x statistics,)`` of one recording, else one such row per recording.

        Recordings without features are NaN. Parameters and errors as in `tokens`.
        """
        chosen = self.features(features)
        if recording is None or isinstance(recording, str):
            return chosen.pooled(view, recording, patient)
        rows = [chosen.pooled(view, name, patient) for name in recording]
        return np.stack(rows) if rows else np.empty((0, chosen.dim * len(chosen.statistics)), np.float32)

    def bags(
        self, features: str | None = None, *, view: str = "clean", patients: Iterable[str] | None = None
    ) -> Iterator[Bag]:
        """One `Bag` per patient, each one contiguous read, in stored order or in that of ``patients``."""
        return self.features(features).bags(view, patients)

    def summary(self) -> dict[str, Any]:
        """Counts, hours, states and sizes, as plain JSON values."""
        return summarise(self, self._container)

    def __repr__(self) -> str:
        try:
            return describe(self.summary())
        except StoreError as error:
            return f"Store {self.uri}, which cannot be read: {error}"

    def __reduce__(self) -> tuple[type["Store"], tuple[Location]]:
        return Store, (Location(self.uri, self._location.kind, self._location.path),)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the store's files; tables and arrays already read stay."""
        self._container.close()


def open_store(uri: str | Path, mode: str = "r") -> Store:
    """Open a store.

    Parameters
    ----------
    uri
        Folder or URI ending in ``.zarr``, or file ending in ``.h5`` or ``.hdf5``.
    mode
        ``"r"``: stores are written by ``heartfeat extract`` alone.

    Raises
    ------
    StoreError
        When there is no store, it is damaged, or of a format version that this release cannot read.
    """
    if mode != "r":
        raise StoreError(f"a store is opened with mode 'r', not {mode!r}; extraction writes stores")
    location = locate(uri)
    if location.path is None:
        return Store(location)
    recover(location.path)
    try:
        return Store(location)
    except StoreError:
        recover(location.path)
        return Store(location)  # a second look, for a store that was being replaced at that moment
