"""From the names of recordings and patients to their places in the arrays."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
import polars as pl

from heartfeat.stores.container import Container
from heartfeat.stores.schema import unknown
from heartfeat.stores.tables import read_column, table_columns


class Index:
    """Looks names up; each column is read when it is first needed.

    Parameters
    ----------
    container
        An open store.
    """

    def __init__(self, container: Container) -> None:
        self._container = container
        self.recording_count = table_columns(container, "recordings")[0]
        self.patient_count = table_columns(container, "patients")[0]

    @cached_property
    def recordings(self) -> list[str]:
        """Recording ids in stored order."""
        return self._ids("recordings", "recording")

    @cached_property
    def patients(self) -> list[str]:
        """Patient ids in stored order."""
        return self._ids("patients", "patient")

    @cached_property
    def sites(self) -> pl.Series:
        """Site of each recording."""
        return read_column(self._container, "recordings", "site")

    @cached_property
    def patient_offsets(self) -> np.ndarray:
        """``(patients + 1,)`` int64: patient ``p`` owns recordings ``offsets[p]:offsets[p + 1]``."""
        offsets = self._container.array("patients/offsets").read()
        check_offsets(self._container, "patients/offsets", offsets, self.patient_count, self.recording_count)
        return offsets

    @cached_property
    def _recording_places(self) -> Mapping[str, int]:
        return {name: place for place, name in enumerate(self.recordings)}

    @cached_property
    def _patient_places(self) -> Mapping[str, int]:
        return {name: place for place, name in enumerate(self.patients)}

    def recording(self, name: str) -> int:
        """Row of a recording; StoreError names the nearest one where it is unknown."""
        place = self._recording_places.get(name)
        if place is None:
            raise unknown("recording", name, self.recordings, self._container.location.uri)
        return place

    def patient(self, name: str) -> int:
        """Row of a patient; StoreError names the nearest one where it is unknown."""
        place = self._patient_places.get(name)
        if place is None:
            raise unknown("patient", name, self.patients, self._container.location.uri)
        return place

    def recordings_of(self, patient: int) -> tuple[int, int]:
        """First recording of a patient, and the one after the last."""
        return int(self.patient_offsets[patient]), int(self.patient_offsets[patient + 1])

    def _ids(self, table: str, column: str) -> list[str]:
        return read_column(self._container, table, column).to_list()


def check_offsets(container: Container, path: str, offsets: np.ndarray, owners: int, total: int) -> None:
    """Raise StoreError unless ``offsets``, ``(owners + 1,)`` int64, rise from 0 to ``total``."""
    if offsets.shape != (owners + 1,) or offsets.dtype != np.int64:
        raise container.damaged(path, f"{owners + 1} int64 expected, found {offsets.dtype} {offsets.shape}")
    if offsets[0] != 0 or offsets[-1] != total or (np.diff(offsets) < 0).any():
        raise container.damaged(path, f"the offsets must rise from 0 to {total}")
