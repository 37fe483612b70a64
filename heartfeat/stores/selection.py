"""The bags of some patients, read when they are used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import polars as pl

from heartfeat.errors import StoreError
from heartfeat.stores.bags import Bag, Bags
from heartfeat.stores.conversions import pooled_columns, recording_table
from heartfeat.stores.index import Names, several
from heartfeat.stores.places import Places
from heartfeat.stores.stream import BLOCK_BYTES, plan_blocks, read_ahead

if TYPE_CHECKING:
    import torch

    from heartfeat.stores.stored_features import StoredFeatures


class Selection:
    """Patients, recordings, sites and views of one feature set; `Store.bags` makes one.

    Only recordings that have features under every chosen view are in it; a patient who has none stays, with
    an empty bag. Features are read when the selection is indexed (``selection[0]``), iterated, loaded or
    streamed. It can be pickled, and serves as a map-style dataset of patients.

    Attributes
    ----------
    view
        Name of the view, or names of the views.
    """

    def __init__(
        self,
        features: StoredFeatures,
        view: Names,
        recording: Names | None,
        patient: Names | None,
        site: Names | None,
    ) -> None:
        self._features = features
        self.view = view if isinstance(view, str) else several(view)
        self._names = [None if names is None else several(names) for names in (recording, patient, site)]
        self._views = features.view_numbers(self.view)
        places = features.index.find(*self._names)
        done = [features.done[number, places.recordings] for number in self._views]
        self._places = places.keep(np.logical_and.reduce(done))
        if len(np.unique(places.patients)) != len(places.patients):
            raise StoreError("a patient's recordings are not together: sort the recordings by patient")

    def __reduce__(self) -> tuple[Any, ...]:
        return Selection, (self._features, self.view, *self._names)

    @cached_property
    def patients(self) -> tuple[str, ...]:
        """Patient ids, in the order asked for, else in stored order."""
        return _names(self._features.index.patients, self._places.patients)

    @cached_property
    def recordings(self) -> tuple[str, ...]:
        """Ids of the recordings, patient after patient."""
        return _names(self._features.index.recordings, self._places.recordings)

    @property
    def rows(self) -> int:
        """Token rows per view."""
        return int(self._lengths().sum())

    @property
    def nbytes(self) -> int:
        """Bytes of the tokens and pooled tokens."""
        return int(self._patient_bytes().sum())

    def __len__(self) -> int:
        return len(self._places.patients)

    @overload
    def __getitem__(self, number: int) -> Bag: ...

    @overload
    def __getitem__(self, number: slice) -> list[Bag]: ...

    def __getitem__(self, number: int | slice) -> Bag | list[Bag]:
        if isinstance(number, slice):
            return list(self._read(self._places.take(list(range(len(self))[number]))))
        return self._read(self._places.take([range(len(self))[number]]))[0]

    def __iter__(self) -> Iterator[Bag]:
        return (self[number] for number in range(len(self)))

    def load(self) -> Bags:
        """Everything in RAM, neighbours in the store read together."""
        return self._read(self._places)

    def pooled(self) -> np.ndarray:
        """``(recordings, D x statistics)`` float32, with an axis in front for several views; no tokens read."""
        return self._one(self._features.read_pooled(self._views, self._places.recordings))

    def stream(self, block_bytes: int = BLOCK_BYTES, shuffle_seed: int | None = None) -> Iterator[Bags]:
        """Blocks of patients who are neighbours in the store, the next one read while one is used.

        Parameters
        ----------
        block_bytes
            The most bytes of a block, unless one patient has more. At most three blocks are in RAM.
        shuffle_seed
            None gives the patients in stored order; a number draws the order of the blocks, and of the
            patients in each.

        Raises
        ------
        StoreError
            When a block cannot be read, at the turn of that block.
        """
        if block_bytes < 1:
            raise StoreError(f"block_bytes must be at least 1, not {block_bytes}")
        return read_ahead(
            self._read, plan_blocks(self._places, self._patient_bytes(), block_bytes, shuffle_seed)
        )

    def to_numpy(self) -> dict[str, np.ndarray]:
        """`load`, as a dict of arrays."""
        return self.load().to_numpy()

    def to_torch(self) -> dict[str, torch.Tensor]:
        """`load`, as a dict of CPU tensors."""
        return self.load().to_torch()

    def to_polars(
        self, recording_columns: Sequence[str] = (), patient_columns: Sequence[str] = ()
    ) -> pl.DataFrame:
        """One row per recording and view.

        Parameters
        ----------
        recording_columns, patient_columns
            More columns, from the store's table of recordings and of patients. A column of the patients that
            is there already gets ``_of_patient`` after its name.

        Returns
        -------
        pl.DataFrame
            ``recording``, ``patient``, ``site``, ``view``, the columns asked for, then pooled tokens as
            ``<statistic>_<d>``.

        Raises
        ------
        StoreError
            When a table lacks a column.
        """
        features = self._features
        pooled = features.read_pooled(self._views, self._places.recordings)
        ids = recording_table(features.index, self._places, recording_columns, patient_columns)
        tables = []
        for number, view in enumerate(self._views):
            own = ids.select(*ids.columns[:3], pl.lit(features.views[view]).alias("view"), *ids.columns[3:])
            tables.append(own.hstack(pooled_columns(pooled[number], features.statistics)))
        return pl.concat(tables)

    def __repr__(self) -> str:
        views = self.view if isinstance(self.view, str) else ", ".join(self.view)
        return (
            f"Selection of {self._features.name!r} ({views}): {len(self):,} patients, "
            f"{len(self._places.recordings):,} recordings, {self.rows:,} tokens x {self._features.dim}"
        )

    def _read(self, places: Places) -> Bags:
        index = self._features.index
        tokens, offsets = self._features.read_tokens(self._views, places.recordings)
        return Bags(
            view=self.view,
            patients=_names(index.patients, places.patients),
            patient_offsets=places.offsets,
            recordings=_names(index.recordings, places.recordings),
            sites=_names(index.sites, places.recordings),
            offsets=offsets,
            tokens=self._one(tokens),
            pooled=self._one(self._features.read_pooled(self._views, places.recordings)),
        )

    def _one(self, values: np.ndarray) -> np.ndarray:
        return values[0] if isinstance(self.view, str) else values

    def _lengths(self) -> np.ndarray:
        return np.diff(self._features.offsets)[self._places.recordings]

    def _patient_bytes(self) -> np.ndarray:
        features = self._features
        row, width = 2 * features.dim, 4 * features.dim * len(features.statistics)
        before = np.concatenate([[0], np.cumsum(self._lengths() * row + width)])
        return len(self._views) * np.diff(before[self._places.offsets])


def _names(column: np.ndarray, places: np.ndarray) -> tuple[str, ...]:
    return tuple(column[places].tolist())
