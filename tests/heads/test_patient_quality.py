import polars as pl

from heartfeat.heads.patient_quality import patients_with_quality


def test_a_patient_is_heard_as_clearly_as_in_the_best_recording(pooled_examples):
    examples = pooled_examples(patients=5)
    table = patients_with_quality(examples)
    assert table["patient"].to_list() == examples.patients["patient"].to_list()
    for patient, contrast in table.select("patient", "s1_contrast_db").iter_rows():
        own = examples.recordings.filter(pl.col("patient") == patient)["s1_contrast_db"]
        assert contrast == own.max()


def test_figures_that_are_not_there_are_left_out(token_examples):
    examples = token_examples(4, {"logmel": (8, 10.0)}, ("clean",), 0)
    assert patients_with_quality(examples).columns == examples.patients.columns
