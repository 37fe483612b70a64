import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from heartfeat.evaluation import confusion as matrices

codes = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40)


@given(codes)
def test_scores_agree_with_scikit_learn(pairs):
    labels, decisions = np.array(pairs).T
    confusion = matrices.confusion_matrix(labels, decisions, 3)
    assert (confusion == metrics.confusion_matrix(labels, decisions, labels=[0, 1, 2])).all()
    assert matrices.accuracy(confusion) == pytest.approx(metrics.accuracy_score(labels, decisions))
    there = np.unique(labels)
    recall = metrics.recall_score(labels, decisions, labels=there, average="macro", zero_division=0)
    assert matrices.mean_over_classes(matrices.sensitivity(confusion)) == pytest.approx(recall)
    seen = np.union1d(labels, decisions)
    f1 = metrics.f1_score(labels, decisions, labels=seen, average="macro", zero_division=0)
    assert matrices.mean_over_classes(matrices.f_measure(confusion)) == pytest.approx(f1)
    assert matrices.matthews(confusion) == pytest.approx(
        metrics.matthews_corrcoef(labels, decisions), abs=1e-12
    )


def test_rows_are_the_truth():
    confusion = matrices.confusion_matrix(np.array([0, 0, 1]), np.array([1, 1, 0]), 2)
    assert confusion.tolist() == [[0, 2], [1, 0]]


def test_weights_count_patients_several_times():
    weights = np.array([[1, 1, 1], [3, 0, 2]])
    confusion = matrices.confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2, weights)
    assert confusion.tolist() == [[[1, 1], [0, 1]], [[3, 0], [0, 2]]]


def test_weighted_accuracy_is_worth_of_right_answers_over_worth_of_all():
    confusion = np.array([[2.0, 0, 2], [0, 1, 0], [3, 0, 7]])
    assert matrices.weighted_accuracy(confusion, np.array([5, 3, 1])) == pytest.approx(
        (10 + 3 + 7) / (20 + 3 + 10)
    )


def test_specificity_is_the_share_of_others_not_taken_for_the_class():
    confusion = np.array([[2.0, 0, 2], [0, 1, 0], [3, 0, 7]])
    assert matrices.specificity(confusion) == pytest.approx([8 / 11, 1.0, 3 / 5])


def test_what_is_undefined_is_nan():
    confusion = np.array([[0.0, 0], [0, 4]])
    assert np.isnan(matrices.sensitivity(confusion)).tolist() == [True, False]
    assert np.isnan(matrices.f_measure(confusion)).tolist() == [True, False]
    assert np.isnan(matrices.specificity(confusion)).tolist() == [False, True]
    assert np.isnan(matrices.accuracy(np.zeros((2, 2))))


@pytest.mark.parametrize(
    ("labels", "decisions", "message"),
    [
        ([0, 1], [0], "one length"),
        ([0, 3], [0, 0], "labels must be codes"),
        ([0], [-1], "decisions must be codes"),
    ],
)
def test_codes_that_do_not_fit_are_refused(labels, decisions, message):
    with pytest.raises(ValueError, match=message):
        matrices.confusion_matrix(np.array(labels), np.array(decisions), 3)
