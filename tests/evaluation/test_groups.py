import polars as pl
import pytest

from heartfeat.errors import RunError
from heartfeat.evaluation.groups import group_scores, load_groups, save_groups
from heartfeat.evaluation.predictions import prediction_arrays
from heartfeat.evaluation.scores import score
from heartfeat.tasks import MURMUR


@pytest.fixture
def patients():
    """Forty patients: 24 girls and 16 boys; 30 children, 7 infants and 3 whose age is not known."""
    return pl.DataFrame(
        {
            "patient": [f"p{i}" for i in range(40)],
            "sex": ["Female"] * 24 + ["Male"] * 16,
            "age": ["Child"] * 30 + ["Infant"] * 7 + [None] * 3,
        }
    )


def test_groups_are_listed_by_size_and_counted(make_run, patients):
    table = group_scores(MURMUR, make_run().predictions, patients)
    assert list(table.select("by", "group", "patients").iter_rows()) == [
        ("sex", "Female", 24),
        ("sex", "Male", 16),
        ("age", "Child", 30),
        ("age", "Infant", 7),
        ("age", None, 3),
    ]
    assert table["positives"].to_list() == [8, 6, 10, 3, 1]


def test_a_group_has_the_scores_of_its_patients_alone(make_run, patients):
    predictions = make_run().predictions
    row = group_scores(MURMUR, predictions.reverse(), patients.drop("age")).row(1, named=True)
    arrays = prediction_arrays(predictions.tail(16), MURMUR)
    alone = score(MURMUR, arrays.labels, arrays.probabilities, arrays.decisions)
    for name in ("weighted_accuracy", "uar", "auroc"):
        assert row[name] == pytest.approx(alone[name])
        assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]


def test_groups_under_ten_patients_have_no_scores(make_run, patients):
    small = group_scores(MURMUR, make_run().predictions, patients).filter(pl.col("patients") < 10)
    assert small.height == 2
    assert all(small[name].null_count() == 2 for name in ("weighted_accuracy", "uar_low", "auroc_high"))


def test_undefined_scores_are_blank(make_run, patients):
    predictions = make_run().predictions.with_columns(label=pl.lit("Absent", pl.String))
    row = group_scores(MURMUR, predictions, patients.drop("age")).row(0, named=True)
    assert (row["auroc"], row["auroc_low"], row["auroc_high"]) == (None, None, None)
    assert row["weighted_accuracy"] is not None


def test_patients_without_a_label_take_no_part(make_run, patients):
    table = group_scores(MURMUR, make_run(unlabelled=4).predictions, patients.drop("age"))
    assert table["patients"].to_list() == [20, 16]


def test_a_cohort_without_such_columns_has_no_groups(make_run, patients):
    assert group_scores(MURMUR, make_run().predictions, patients.select("patient")).height == 0


def test_groups_are_read_back_and_missing_ones_are_none(make_run, patients, tmp_path):
    table = group_scores(MURMUR, make_run().predictions, patients)
    assert load_groups(tmp_path) is None
    save_groups(table, tmp_path)
    assert load_groups(tmp_path).equals(table)
    assert pl.read_csv(tmp_path / "groups.csv", schema=table.schema).height == 5


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "groups.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(RunError, match=r"groups\.parquet cannot be read"):
        load_groups(tmp_path)


def test_what_is_known_of_nobody_makes_no_groups(make_run, patients):
    empty = patients.with_columns(subset=pl.lit("a"), quality=pl.lit(None, pl.String))
    table = group_scores(MURMUR, make_run().predictions, empty)
    assert table["by"].unique(maintain_order=True).to_list() == ["subset", "sex", "age"]
