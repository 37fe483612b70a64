import threading

import numpy as np
import pytest

from heartfeat.cores import core_count
from heartfeat.heads.tabular.cross_fit import cross_fit, predict_views


class Memory:
    """Says 1 of rows that it was fitted on, else 0."""

    def __init__(self, rows, labels):
        self.seen = {tuple(row) for row in rows}
        self.rows, self.labels = rows, labels

    def predict(self, rows):
        seen = np.array([float(tuple(row) in self.seen) for row in rows])
        return np.stack([seen, 1 - seen], axis=1)


ROWS = np.arange(2 * 6 * 1, dtype=np.float32).reshape(2, 6, 1)
LABELS = np.array([0, 1, 0, 1, 0, 1])
FOLD = np.array([0, 0, 1, 1, 2, 2])


def test_no_row_is_judged_by_a_model_that_saw_it():
    crossed = cross_fit(Memory, ROWS, LABELS, FOLD, 0, lambda: None)
    assert crossed.unseen.shape == (2, 6, 2)
    assert (crossed.unseen[:, :, 0] == 0).all()


def test_the_model_saw_every_clean_row_and_some_rows_of_other_views_under_their_labels():
    model = cross_fit(Memory, ROWS, LABELS, FOLD, 0, lambda: None).model
    assert {float(row) for row in ROWS[0, :, 0]} <= {float(row) for row in model.rows[:, 0]}
    assert 6 < len(model.rows) <= 12
    assert (model.labels == LABELS[model.rows[:, 0].astype(int) % 6]).all()


def test_each_fit_is_reported():
    calls = []
    cross_fit(Memory, ROWS, LABELS, FOLD, 0, lambda: calls.append(1))
    assert len(calls) == 4


@pytest.mark.skipif(core_count() < 2, reason="needs two processor cores")
def test_models_are_fitted_two_at_a_time_and_come_in_order():
    met = threading.Barrier(2)

    def fit(rows, labels):
        met.wait(timeout=10)
        return Memory(rows, labels)

    crossed = cross_fit(fit, ROWS, LABELS, FOLD, 0, lambda: None)
    np.testing.assert_array_equal(
        crossed.unseen, cross_fit(Memory, ROWS, LABELS, FOLD, 0, lambda: None).unseen
    )
    assert len(crossed.model.seen) > 5


def test_views_are_predicted_one_by_one():
    said = predict_views(Memory(ROWS[0], LABELS), ROWS)
    assert said[:, :, 0].tolist() == [[1] * 6, [0] * 6]
