import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics

from heartfeat.evaluation.ranking import auprc, auroc, roc_points

ranked = st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 3)), min_size=2, max_size=30)


@given(ranked)
def test_areas_agree_with_scikit_learn_under_ties_and_weights(rows):
    positive, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    assume(weights[positive].sum() > 0)
    assume(weights[~positive].sum() > 0)
    used = {"sample_weight": weights}
    assert auroc(positive, scores, weights) == pytest.approx(metrics.roc_auc_score(positive, scores, **used))
    expected = metrics.average_precision_score(positive, scores, **used)
    assert auprc(positive, scores, weights) == pytest.approx(expected)


def test_many_weightings_at_once_equal_one_at_a_time():
    generator = np.random.default_rng(0)
    positive, scores = generator.random(30) < 0.4, generator.integers(0, 8, 30)
    weights = generator.integers(0, 3, (5, 30))
    for area in (auroc, auprc):
        singly = [float(area(positive, scores, row)) for row in weights]
        assert area(positive, scores, weights) == pytest.approx(singly)


def test_infinite_scores_rank_first_and_last():
    positive = np.array([True, False, True])
    assert auroc(positive, np.array([np.inf, 0.0, -np.inf])) == pytest.approx(0.5)


def test_one_sided_labels_have_no_area_under_the_roc_curve():
    assert np.isnan(auroc(np.array([True, True]), np.array([0.1, 0.2])))
    assert np.isnan(auprc(np.array([False, False]), np.array([0.1, 0.2])))
    assert auprc(np.array([True, True]), np.array([0.1, 0.2])) == 1.0


def test_no_patients_have_no_area():
    assert np.isnan(auroc(np.array([], dtype=bool), np.array([])))


def test_nan_scores_and_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="1 scores are NaN"):
        auroc(np.array([True, False]), np.array([np.nan, 0.0]))
    with pytest.raises(ValueError, match="one length"):
        auprc(np.array([True]), np.array([0.0, 1.0]))


def test_roc_points_rise_from_zero_to_one_through_every_threshold():
    false_rate, true_rate = roc_points(np.array([True, False, True, False]), np.array([0.9, 0.8, 0.8, 0.1]))
    assert false_rate.tolist() == [0, 0, 0.5, 1]
    assert true_rate.tolist() == [0, 0.5, 1, 1]
    with pytest.raises(ValueError, match="inside and outside"):
        roc_points(np.array([True]), np.array([0.5]))
