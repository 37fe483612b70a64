"""What must hold of a store's two tables, when they are written and when they are verified."""

import numpy as np
import polars as pl

from heartfeat.errors import StoreError
from heartfeat.stores.schema import PATIENT_COLUMNS, RECORDING_COLUMNS


def offsets_of_patients(recordings: pl.DataFrame, patients: pl.DataFrame) -> np.ndarray:
    """``(patients + 1,)`` int64: patient ``p`` owns recordings ``offsets[p]:offsets[p + 1]``.

    Raises
    ------
    StoreError
        When a column is missing, an id is no text or occurs twice, or the recordings are not grouped by
        patient in the order of the patients table.
    """
    _check_table("recordings", recordings, RECORDING_COLUMNS, unique="recording")
    _check_table("patients", patients, PATIENT_COLUMNS, unique="patient")
    places = pl.int_range(patients.height, eager=True)
    owners = recordings["patient"].replace_strict(patients["patient"], places, default=None)
    if owners.null_count():
        stray = recordings["patient"].filter(owners.is_null())[0]
        raise StoreError(f"the recordings name the patient {stray!r}, who is not in the patients table")
    if not owners.is_sorted():
        raise StoreError(
            "recordings must be grouped by patient, in the order of the patients table: sort them"
        )
    counts = np.bincount(owners.to_numpy(), minlength=patients.height)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _check_table(name: str, table: pl.DataFrame, wanted: tuple[str, ...], unique: str) -> None:
    missing = [column for column in wanted if column not in table.columns]
    if missing:
        raise StoreError(
            f"the {name} table lacks the column {missing[0]!r}; it has {', '.join(table.columns)}"
        )
    ids = table[unique]
    if ids.dtype != pl.String or ids.null_count():
        raise StoreError(
            f"the column {unique!r} of the {name} table must be text without nulls, not {ids.dtype}"
        )
    if ids.n_unique() != len(ids):
        raise StoreError(f"the {unique} id {ids.filter(ids.is_duplicated())[0]!r} occurs more than once")
