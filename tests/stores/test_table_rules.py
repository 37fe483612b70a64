import polars as pl
import pytest

from heartfeat.errors import StoreError
from heartfeat.stores.table_rules import offsets_of_patients


def test_offsets_divide_the_recordings_by_patient(ward):
    assert offsets_of_patients(ward.recordings, ward.patients).tolist() == [0, 2, 5, 5, 6]
    assert offsets_of_patients(ward.recordings[:0], ward.patients).tolist() == [0] * 5
    assert offsets_of_patients(ward.recordings[:0], ward.patients[:0]).tolist() == [0]


def test_patients_in_another_order_than_their_recordings_are_refused(ward):
    with pytest.raises(StoreError, match="in the order of the patients table"):
        offsets_of_patients(ward.recordings, ward.patients.reverse())


def test_a_null_id_is_refused(ward):
    with pytest.raises(StoreError, match="'patient' of the patients table must be text without nulls"):
        offsets_of_patients(ward.recordings, ward.patients.with_columns(patient=pl.lit(None, pl.String)))
