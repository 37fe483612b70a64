import json

import polars as pl
import pytest

from heartfeat.evaluation.abstention import judge_abstention, save_abstention


@pytest.fixture
def answered():
    """Two folds: in the first three of four are answered, one wrongly; the second abstains on both."""
    return pl.DataFrame(
        {
            "patient": list("abcdef"),
            "person": list("abcdef"),
            "fold": [0, 0, 0, 0, 1, 1],
            "label": ["Present", "Absent", "Absent", "Unknown", "Absent", None],
            "decision": ["Present", "Absent", "Present", "Absent", "Absent", "Absent"],
            "confidence": [0.9, 0.8, 0.7, 0.3, 0.9, 0.9],
            "threshold": [0.5, 0.5, 0.5, 0.5, None, None],
            "answered": [True, True, True, False, False, False],
        },
        schema_overrides={"threshold": pl.Float64},
    )


VALID = pl.DataFrame({"fold": [0] * 12 + [1] * 3, "label": ["Absent"] * 15})


def test_coverage_and_errors_are_counted_in_all_and_per_fold(answered):
    found = judge_abstention(answered, VALID, 0.25)
    assert found.scores == pytest.approx({"coverage": 3 / 5, "wrong": 1 / 5, "error": 1 / 3})
    first, second = found.folds
    assert (first.valid, first.threshold, first.patients, first.coverage) == (12, 0.5, 4, 0.75)
    assert (second.valid, second.threshold, second.coverage, second.error) == (3, None, 0.0, None)
    assert not found.guaranteed
    low, high = found.intervals["coverage"]
    assert low <= 3 / 5 <= high


def test_classes_show_whom_abstaining_leaves_out(answered):
    shares = judge_abstention(answered, VALID, 0.25).answered_classes
    assert shares == pytest.approx({"Absent": 2 / 3, "Present": 1.0, "Unknown": 0.0})


def test_files_are_plain_json_and_one_row_per_patient(answered, tmp_path):
    nobody = answered.with_columns(answered=pl.lit(value=False))
    save_abstention(judge_abstention(nobody, VALID, 0.25), nobody, tmp_path)
    read = json.loads((tmp_path / "selective.json").read_text())
    assert read["scores"] == {"coverage": 0.0, "wrong": 0.0, "error": None}
    assert read["intervals"]["error"] == [None, None]
    assert pl.read_csv(tmp_path / "selective.csv").height == 6
