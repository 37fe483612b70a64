import polars as pl
import pytest

from heartfeat.heads.patient_quality import patients_with_quality


def test_figures_are_means_over_a_patient_s_recordings(pooled_examples):
    examples = pooled_examples(patients=5)
    table = patients_with_quality(examples)
    assert table["patient"].to_list() == examples.patients["patient"].to_list()
    for patient, snr in table.select("patient", "snr_db").iter_rows():
        own = examples.recordings.filter(pl.col("patient") == patient)["snr_db"]
        assert snr == pytest.approx(own.mean())


def test_figures_that_are_not_there_are_left_out(token_examples):
    examples = token_examples(4, {"logmel": (8, 10.0)}, ("clean",), 0)
    assert patients_with_quality(examples).columns == examples.patients.columns
