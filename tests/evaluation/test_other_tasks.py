import math

import numpy as np
import polars as pl
import pytest

from heartfeat.errors import RunError
from heartfeat.evaluation.other_tasks import load_task_predictions, task_scores, task_table
from heartfeat.evaluation.predictions import save_predictions
from heartfeat.evaluation.tables import with_labels

CLASSES = ("none", "I/VI", "II/VI")
SAID = np.array(
    [
        [[0.7, 0.2, 0.1], [0.3, 0.5, 0.2], [0.5, 0.2, 0.3], [0.1, 0.2, 0.7]],
        [[0.5, 0.4, 0.1], [0.3, 0.3, 0.4], [0.5, 0.2, 0.3], [0.1, 0.2, 0.7]],
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]],
    ]
)
PATIENTS = pl.DataFrame(
    {"patient": ["a", "b", "c", "d"], "person": ["a", "a", "c", "d"], "age": [1, 1, 2, 3]}
)
STORED = pl.DataFrame({"patient": ["d", "c", "b", "a"], "grade": [None, "I/VI", "I/VI", "none"]})


@pytest.fixture
def table():
    return task_table(CLASSES, PATIENTS, 3, SAID, ("clean", "gain-6", "timemask"))


def test_probabilities_are_the_mean_over_views_that_hide_nothing(table):
    assert table.columns == ["patient", "person", "fold", "label", "p_none", "p_I/VI", "p_II/VI"]
    assert table.row(1)[:4] == ("b", "a", 3, None)
    assert table.select(pl.selectors.starts_with("p_")).to_numpy() == pytest.approx(SAID[:2].mean(axis=0))


def test_other_classes_than_the_tasks_are_refused():
    with pytest.raises(ValueError, match="zip"):
        task_table(CLASSES[:2], PATIENTS, 0, SAID, ("clean", "gain-6", "timemask"))


def test_patients_with_a_label_are_scored_by_what_is_most_probable(table):
    scores = task_scores(with_labels(table, STORED, "grade"))
    assert scores["patients"] == 3
    # "none" is found, one of two "I/VI" is taken for "none"; "II/VI" does not occur.
    assert scores["uar"] == pytest.approx((1 + 1 / 2) / 2)
    # By "none", a is above b and c, which are not; by "I/VI", one of these two is above a.
    assert scores["auroc"] == pytest.approx((1 + 1 / 2) / 2)


def test_without_labels_scores_are_undefined(table):
    scores = task_scores(table)
    assert scores["patients"] == 0
    assert math.isnan(scores["uar"])
    assert math.isnan(scores["auroc"])


def test_tables_are_read_back_by_task(table, tmp_path):
    assert load_task_predictions(tmp_path) == {}
    save_predictions(table, tmp_path)
    save_predictions(table, tmp_path, "predictions_grade")
    (read,) = load_task_predictions(tmp_path).items()
    assert read[0] == "grade"
    assert read[1].equals(table)
    (tmp_path / "predictions_grade.parquet").write_bytes(b"PAR1")
    with pytest.raises(RunError, match="predictions_grade"):
        load_task_predictions(tmp_path)
