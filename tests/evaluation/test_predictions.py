import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from heartfeat.errors import RunError
from heartfeat.evaluation.predictions import (
    classes_of,
    load_predictions,
    prediction_arrays,
    prediction_table,
    save_predictions,
)
from heartfeat.tasks import MURMUR, OUTCOME

LABELS, DECISIONS = np.array([0, -1, 2]), np.array([0, 1, 0])
PROBABILITIES = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [1 / 3, 1 / 3, 1 / 3]])


@pytest.fixture
def table():
    ids, persons = ["0012", "13", "zürich"], ["0012", "13", "13"]
    spread = np.array([0.0, 0.1, 0.25])
    return prediction_table(MURMUR, ids, persons, [0, 1, 1], LABELS, DECISIONS, PROBABILITIES, spread)


def test_the_table_names_classes_and_leaves_unknown_labels_empty(table):
    assert table["label"].to_list() == ["Present", None, "Absent"]
    assert table["decision"].to_list() == ["Present", "Unknown", "Present"]
    assert table["p_Unknown"].to_list() == PROBABILITIES[:, 1].tolist()
    assert classes_of(table) == MURMUR.classes


def test_arrays_come_back_as_they_went_in(table):
    arrays = prediction_arrays(table, MURMUR)
    assert arrays.persons == ["0012", "13", "13"]
    assert (arrays.labels == LABELS).all()
    assert (arrays.decisions == DECISIONS).all()
    assert (arrays.probabilities == PROBABILITIES).all()


@pytest.mark.parametrize("name", ["", "predictions.parquet", "predictions.csv"])
def test_both_files_hold_the_same_table_to_the_last_bit(table, tmp_path, name):
    save_predictions(table, tmp_path)
    assert_frame_equal(load_predictions(tmp_path / name), table, check_exact=True)


def test_columns_beyond_the_usual_keep_their_type_in_csv(table, tmp_path):
    more = table.with_columns(clean_Present=pl.Series([0.5, 0.25, 1.0]))
    save_predictions(more, tmp_path)
    assert_frame_equal(load_predictions(tmp_path / "predictions.csv"), more)


def test_a_missing_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(RunError, match=r"predictions\.parquet cannot be read"):
        load_predictions(tmp_path)


def test_a_damaged_file_is_an_error(tmp_path):
    file = tmp_path / "predictions.parquet"
    file.write_bytes(b"not parquet")
    with pytest.raises(RunError, match="cannot be read"):
        load_predictions(file)


def test_a_table_of_something_else_is_refused_with_what_it_lacks(tmp_path):
    file = tmp_path / "other.csv"
    file.write_text("patient,person\n1,1\n")
    with pytest.raises(RunError, match="lacks fold, label, decision, view_spread"):
        load_predictions(file)


def test_predictions_of_another_task_are_refused(table):
    with pytest.raises(RunError, match="'outcome' has Abnormal, Normal"):
        prediction_arrays(table, OUTCOME)


def test_a_spread_over_folds_is_blank_where_one_head_speaks(table, tmp_path):
    assert table["fold_spread"].to_list() == [None] * 3
    spread = np.array([0.1, np.nan, 0.2])
    ids = ["a", "b", "c"]
    several = prediction_table(
        MURMUR, ids, ids, [-1] * 3, LABELS, DECISIONS, PROBABILITIES, np.zeros(3), fold_spread=spread
    )
    assert several["fold_spread"].to_list() == [0.1, None, 0.2]


def test_tables_from_before_the_spread_over_folds_are_read(table, tmp_path):
    older = table.drop("fold_spread")
    save_predictions(older, tmp_path)
    for name in ("predictions.parquet", "predictions.csv"):
        assert_frame_equal(load_predictions(tmp_path / name), older)
