import numpy as np
import polars as pl
import pytest

from heartfeat.heads.patient_quality import (
    PATIENT_QUALITY,
    encode_patients,
    learn_quality,
    patients_with_quality,
)


def test_a_patient_has_the_highest_the_mean_and_the_lowest_of_the_recordings(pooled_examples):
    examples = pooled_examples(patients=5)
    table = patients_with_quality(examples)
    assert table["patient"].to_list() == examples.patients["patient"].to_list()
    for patient, *figures in table.select("patient", "^s1_contrast_db_.*$").iter_rows():
        own = examples.recordings.filter(pl.col("patient") == patient)["s1_contrast_db"]
        assert figures == pytest.approx([own.max(), own.mean(), own.min()])


def test_figures_that_are_not_there_are_left_out(token_examples):
    examples = token_examples(4, {"logmel": (8, 10.0)}, ("clean",), 0)
    assert patients_with_quality(examples).columns == examples.patients.columns


def test_a_combiner_gets_them_standardised_each_with_a_flag_where_it_is_missing(pooled_examples):
    examples = pooled_examples(patients=20)
    columns = encode_patients(learn_quality(examples), examples)
    assert columns.shape == (20, 2 * len(PATIENT_QUALITY))
    by_name = dict(zip(PATIENT_QUALITY, np.split(columns, len(PATIENT_QUALITY), axis=1), strict=True))
    best = patients_with_quality(examples)["s1_contrast_db_max"].to_numpy()
    expected = np.clip((best - best.mean()) / best.std(), -3, 3)
    assert by_name["s1_contrast_db_max"][:, 0] == pytest.approx(expected, abs=1e-5)
    assert not by_name["s1_contrast_db_max"][:, 1].any()
    assert (by_name["s2_contrast_db_mean"] == [0, 1]).all(), "the table has none, so it is missing everywhere"
    assert encode_patients(None, examples).shape == (20, 0)


def test_the_order_of_recordings_changes_nothing(pooled_examples):
    examples = pooled_examples(patients=12)
    turned = examples.recordings.sort("patient", "site", descending=[False, True])
    before, after = examples, type(examples)(**{**vars(examples), "recordings": turned})
    encoder = learn_quality(before)
    np.testing.assert_allclose(encode_patients(encoder, after), encode_patients(encoder, before), atol=1e-6)
