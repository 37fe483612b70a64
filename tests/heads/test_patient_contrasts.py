import numpy as np
import polars as pl
import pytest

from heartfeat.heads.patient_contrasts import encode_patients, learn_contrasts, patients_with_contrasts


def test_a_patient_is_heard_as_clearly_as_in_the_best_recording(pooled_examples):
    examples = pooled_examples(patients=5)
    table = patients_with_contrasts(examples)
    assert table["patient"].to_list() == examples.patients["patient"].to_list()
    for patient, contrast in table.select("patient", "s1_contrast_db").iter_rows():
        own = examples.recordings.filter(pl.col("patient") == patient)["s1_contrast_db"]
        assert contrast == own.max()


def test_figures_that_are_not_there_are_left_out(token_examples):
    examples = token_examples(4, {"logmel": (8, 10.0)}, ("clean",), 0)
    assert patients_with_contrasts(examples).columns == examples.patients.columns


def test_a_combiner_gets_them_standardised_each_with_a_flag_where_it_is_missing(pooled_examples):
    examples = pooled_examples(patients=20)
    best = patients_with_contrasts(examples)["s1_contrast_db"].to_numpy()
    columns = encode_patients(learn_contrasts(examples), examples)
    assert columns.shape == (20, 4)
    assert columns[:, 0] == pytest.approx(np.clip((best - best.mean()) / best.std(), -3, 3), abs=1e-5)
    assert not columns[:, 1].any()
    assert (columns[:, 3] == 1).all(), "the table has no contrast of S2, so it is missing everywhere"
    assert encode_patients(None, examples).shape == (20, 0)
