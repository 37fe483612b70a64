"""A store opened for reading: the notebook's way in."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self, overload

import numpy as np
import polars as pl

from heartfeat.errors import StoreError
from heartfeat.replace import recover
from heartfeat.stores.bags import Bags
from heartfeat.stores.container import open_container
from heartfeat.stores.features import FeatureSet
from heartfeat.stores.index import Index, Names
from heartfeat.stores.location import Location, locate
from heartfeat.stores.schema import check_format, unknown
from heartfeat.stores.selection import Selection
from heartfeat.stores.stream import BLOCK_BYTES
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
        recording: str | None = None,
        patient: str | None = None,
        site: Names | None = None,
        view: Names = "clean",
    ) -> np.ndarray: ...

    @overload
    def tokens(
        self,
        features: str | None = None,
        *,
        recording: Names | None = None,
        patient: Names | None = None,
        site: Names | None = None,
        view: Names = "clean",
    ) -> np.ndarray | list[np.ndarray]: ...

    def tokens(
        self,
        features: str | None = None,
        *,
        recording: Names | None = None,
        patient: Names | None = None,
        site: Names | None = None,
        view: Names = "clean",
    ) -> np.ndarray | list[np.ndarray]:
        """Tokens ``(rows, D)`` float16, in RAM.

        Wherever a name is asked for, several may be given: a list, a polars column, one side of a split.

        Parameters
        ----------
        features
            Feature set; may be left out where there is one only.
        recording
            One id gives its tokens, several give a list with an array for each.
        patient
            One id gives all rows of the patient, one recording after the other; several give a list with an
            array for each.
        site
            Only recordings at this site, or at one of these.
        view
            One name gives ``(rows, D)``, several give ``(views, rows, D)``.

        Returns
        -------
        np.ndarray or list of np.ndarray
            Without recording, patient and site the whole set, which ``features(name).offsets`` cuts.

        Raises
        ------
        StoreError
            When a name is unknown, a patient is named twice, or a recording and a patient or site are given.
        """
        return self.features(features).tokens(view, recording, patient, site)

    def pooled(
        self,
        features: str | None = None,
        *,
        recording: Names | None = None,
        patient: Names | None = None,
        site: Names | None = None,
        view: Names = "clean",
    ) -> np.ndarray:
        """Pooled tokens float32: ``(D x statistics,)`` of one recording, else one such row per recording.

        Rows are in the order asked for, else in that of ``recordings``; those without features are NaN.
        Several views add an axis in front. Parameters and errors as in `tokens`.
        """
        return self.features(features).pooled(view, recording, patient, site)

    def bags(
        self,
        features: str | None = None,
        *,
        recording: Names | None = None,
        patient: Names | None = None,
        site: Names | None = None,
        view: Names = "clean",
    ) -> Selection:
        """The recordings with features, patient by patient, read when they are used.

        Indexing and iterating give one `Bag` per patient, in the order asked for, else in stored order.
        ``load()`` reads all at once, ``stream()`` in blocks. Parameters and errors as in `tokens`.
        """
        return self.features(features).bags(view, recording, patient, site)

    def stream(
        self,
        features: str | None = None,
        *,
        patient: Names | None = None,
        site: Names | None = None,
        view: Names = "clean",
        block_bytes: int = BLOCK_BYTES,
        shuffle_seed: int | None = None,
    ) -> Iterator[Bags]:
        """Blocks of patients, for what is larger than memory: ``bags(...).stream(...)``, see there."""
        chosen = self.bags(features, patient=patient, site=site, view=view)
        return chosen.stream(block_bytes, shuffle_seed)

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


def open_store(uri: str | Path) -> Store:
    """Open a store for reading; ``heartfeat extract`` writes them.

    Parameters
    ----------
    uri
        Folder or URI ending in ``.zarr``, or file ending in ``.h5`` or ``.hdf5``.

    Raises
    ------
    StoreError
        When there is no store, it is damaged, or of a format version that this release cannot read.
    """
    location = locate(uri)
    if location.path is None:
        return Store(location)
    recover(location.path, StoreError)
    try:
        return Store(location)
    except StoreError:
        recover(location.path, StoreError)
        return Store(location)  # a second look, for a store that was being replaced at that moment
