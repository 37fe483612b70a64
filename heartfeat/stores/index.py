"""From the names of recordings, patients and sites to their places in the arrays."""

from collections.abc import Iterable, Mapping
from functools import cached_property

import numpy as np
import polars as pl

from heartfeat.errors import StoreError
from heartfeat.stores.container import Container
from heartfeat.stores.places import Places, joined
from heartfeat.stores.schema import unknown
from heartfeat.stores.tables import read_column, table_columns

Names = str | Iterable[str]
"""One name, or several."""


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

    def __reduce__(self) -> tuple[type["Index"], tuple[Container]]:
        return Index, (self._container,)

    @cached_property
    def recordings(self) -> np.ndarray:
        """``(recordings,)`` ids in stored order, as Python text: fast to pick from, also after a fork."""
        return np.array(self.column("recordings", "recording").to_list(), object)

    @cached_property
    def patients(self) -> np.ndarray:
        """``(patients,)`` ids in stored order."""
        return np.array(self.column("patients", "patient").to_list(), object)

    @cached_property
    def sites(self) -> np.ndarray:
        """``(recordings,)`` site of each."""
        return np.array(self.column("recordings", "site").to_list(), object)

    @cached_property
    def patient_offsets(self) -> np.ndarray:
        """``(patients + 1,)`` int64: patient ``p`` owns recordings ``offsets[p]:offsets[p + 1]``."""
        offsets = self._container.read_checked("patients/offsets")
        check_offsets(self._container, "patients/offsets", offsets, self.patient_count, self.recording_count)
        return offsets

    @cached_property
    def _recording_places(self) -> Mapping[str, int]:
        return {name: place for place, name in enumerate(self.recordings)}

    @cached_property
    def _patient_places(self) -> Mapping[str, int]:
        return {name: place for place, name in enumerate(self.patients)}

    @cached_property
    def _known_sites(self) -> list[str]:
        return sorted({site for site in self.sites if site is not None})

    def column(self, table: str, name: str) -> pl.Series:
        """A column of the ``"recordings"`` or ``"patients"`` table."""
        return read_column(self._container, table, name)

    def recording(self, name: str) -> int:
        """Row of a recording; StoreError names the nearest one where it is unknown."""
        place = self._recording_places.get(name)
        if place is None:
            raise unknown("recording", name, self.recordings.tolist(), self._container.location.uri)
        return place

    def patient(self, name: str) -> int:
        """Row of a patient; StoreError names the nearest one where it is unknown."""
        place = self._patient_places.get(name)
        if place is None:
            raise unknown("patient", name, self.patients.tolist(), self._container.location.uri)
        return place

    def recordings_of(self, patient: int) -> tuple[int, int]:
        """First recording of a patient, and the one after the last."""
        return int(self.patient_offsets[patient]), int(self.patient_offsets[patient + 1])

    def find(
        self, recording: Names | None = None, patient: Names | None = None, site: Names | None = None
    ) -> Places:
        """Places of what is asked for, in the order asked for, else in stored order.

        Raises
        ------
        StoreError
            When a name is unknown, a patient is named twice, or a recording and something else is given.
        """
        if recording is not None:
            check_recording_alone(patient, site)
            return self._of_recordings(np.array([self.recording(name) for name in several(recording)], int))
        if patient is None:
            patients = np.arange(self.patient_count)
        else:
            patients = np.array([self.patient(name) for name in several(patient)], int)
            _check_distinct(patients, self.patients)
        recordings, offsets = joined(self.patient_offsets[patients], self.patient_offsets[patients + 1])
        places = Places(patients, offsets, recordings)
        return places if site is None else places.keep(self._at_sites(recordings, several(site)))

    def _of_recordings(self, recordings: np.ndarray) -> Places:
        owners = np.searchsorted(self.patient_offsets, recordings, side="right") - 1
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        return Places(owners[starts], np.append(starts, len(owners)), recordings)

    def _at_sites(self, recordings: np.ndarray, sites: tuple[str, ...]) -> np.ndarray:
        for name in sites:
            if name not in self._known_sites:
                raise unknown("site", name, self._known_sites, self._container.location.uri)
        here = self.sites[recordings]
        return np.logical_or.reduce([here == name for name in sites] or [np.zeros(len(here), bool)])


def several(names: Names) -> tuple[str, ...]:
    """One name or several as a tuple; a number, say, is kept, for the look-up to refuse it by name."""
    return (names,) if isinstance(names, str) or not isinstance(names, Iterable) else tuple(names)


def check_recording_alone(patient: Names | None, site: Names | None) -> None:
    """Raise StoreError when a patient or a site is given besides a recording."""
    if patient is not None or site is not None:
        raise StoreError(
            f"give a recording or a {'patient' if patient is not None else 'site'}, not both: "
            "a recording has one patient and one site"
        )


def _check_distinct(patients: np.ndarray, names: np.ndarray) -> None:
    seen, counts = np.unique(patients, return_counts=True)
    if (counts > 1).any():
        twice = names[seen[counts > 1][0]]
        raise StoreError(f"the patient {twice!r} is asked for twice; name each patient once")


def check_offsets(container: Container, path: str, offsets: np.ndarray, owners: int, total: int) -> None:
    """Raise StoreError unless ``offsets``, ``(owners + 1,)`` int64, rise from 0 to ``total``."""
    if offsets.shape != (owners + 1,) or offsets.dtype != np.int64:
        raise container.damaged(path, f"{owners + 1} int64 expected, found {offsets.dtype} {offsets.shape}")
    if offsets[0] != 0 or offsets[-1] != total or (np.diff(offsets) < 0).any():
        raise container.damaged(path, f"the offsets must rise from 0 to {total}")
