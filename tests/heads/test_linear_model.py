import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from heartfeat.heads.linear_model import LinearModel


def _rows(classes, count=200, columns=6):
    generator = np.random.default_rng(0)
    labels = np.arange(count) % classes
    rows = generator.normal(size=(count, columns)) * 10.0 ** np.arange(columns) + 5
    rows[:, 0] += 2 * labels
    return rows.astype(np.float32), labels


@pytest.mark.parametrize("classes", [2, 3])
def test_it_is_scikit_learns_regression_on_standardised_columns(classes):
    rows, labels = _rows(classes)
    scaled = StandardScaler().fit_transform(rows.astype(np.float64))
    expected = (
        LogisticRegression(C=1 / (0.05 * len(rows)), tol=1e-8).fit(scaled, labels).predict_proba(scaled)
    )
    assert LinearModel.fit(rows, labels, classes, 0.05).predict(rows) == pytest.approx(expected, abs=5e-3)


def test_collinear_columns_count_as_one():
    rows, labels = _rows(3)
    thrice = np.concatenate([rows, rows, rows], axis=1)
    once = LinearModel.fit(rows, labels, 3, 0.3).predict(rows)
    assert LinearModel.fit(thrice, labels, 3, 0.9).predict(thrice) == pytest.approx(once, abs=5e-3)


def test_a_constant_column_changes_nothing():
    rows, labels = _rows(3)
    more = np.concatenate([rows, np.full((len(rows), 1), 7.0, np.float32)], axis=1)
    model = LinearModel.fit(more, labels, 3, 0.05)
    assert model.predict(more) == pytest.approx(
        LinearModel.fit(rows, labels, 3, 0.05).predict(rows), abs=1e-3
    )
    assert (model.weights[:, -1] == 0).all()


def test_more_penalty_pulls_towards_the_shares_of_the_classes():
    rows, labels = _rows(2)
    strong = LinearModel.fit(rows, labels, 2, 1e4).predict(rows)
    assert strong == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("codes", "absent"), [((0, 2), 1), ((1,), 0)])
def test_a_class_without_training_rows_gets_next_to_no_probability(codes, absent):
    rows, _ = _rows(3)
    labels = np.array(codes)[np.arange(len(rows)) % len(codes)]
    predicted = LinearModel.fit(rows, labels, 3, 0.05).predict(rows)
    assert predicted[:, absent].max() < 1e-6
    assert predicted.sum(axis=1) == pytest.approx(1)


def test_arrays_describe_the_model():
    rows, labels = _rows(3)
    model = LinearModel.fit(rows, labels, 3, 0.05)
    again = LinearModel.from_arrays(model.arrays("x."), "x.")
    assert (again.predict(rows) == model.predict(rows)).all()


def test_constant_columns_do_not_harm_where_rows_are_few():
    rows = np.zeros((6, 30), dtype=np.float32)
    rows[:, 0] = np.arange(6)
    model = LinearModel.fit(rows, np.array([0, 0, 0, 1, 1, 1]), 2, 0.01)
    assert (model.predict(rows).argmax(axis=1) == [0, 0, 0, 1, 1, 1]).all()
