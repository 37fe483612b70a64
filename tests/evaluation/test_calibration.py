import numpy as np
import pytest

from heartfeat.evaluation.calibration import brier, class_expected_error, confidence_reliability, reliability


def test_brier_is_the_squared_error_summed_over_classes():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.0, 0.0, 1.0]])
    expected = ((0.3**2 + 0.2**2 + 0.1**2) + 2.0) / 2
    assert brier(np.array([0, 0]), probabilities) == pytest.approx(expected)


def test_expected_error_weighs_bins_by_patients_and_maximum_takes_the_worst():
    # Three patients in the bin of 0.9 (two right), one in the bin of 0.6 (wrong).
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.6, 0.4]])
    bins = confidence_reliability(np.array([0, 0, 0, 1]), probabilities)
    assert bins.expected_error() == pytest.approx(0.75 * abs(0.9 - 2 / 3) + 0.25 * 0.6)
    assert bins.maximum_error() == pytest.approx(0.6)


def test_bins_hold_what_was_claimed_and_what_came_true():
    bins = reliability(np.array([0.05, 0.15, 0.19, 1.0]), np.array([False, True, False, True]))
    assert bins.claimed[[0, 1, 9]] == pytest.approx([0.05, 0.17, 1.0])
    assert bins.observed[[0, 1, 9]] == pytest.approx([0.0, 0.5, 1.0])
    assert bins.weight.sum() == pytest.approx(1)
    assert np.isnan(bins.claimed[5])


def test_weights_count_patients_several_times():
    labels, probabilities = np.array([0, 1]), np.array([[0.8, 0.2], [0.7, 0.3]])
    weights = np.array([[1, 3], [2, 0]])
    repeated = [
        float(brier(np.repeat(labels, row), np.repeat(probabilities, row, axis=0))) for row in weights
    ]
    assert brier(labels, probabilities, weights) == pytest.approx(repeated)
    errors = confidence_reliability(labels, probabilities, weights).expected_error()
    assert errors == pytest.approx([0.25 * 0.2 + 0.75 * 0.7, 0.2])


def test_the_class_error_sees_what_is_said_of_classes_that_are_not_the_most_probable():
    # Always 0.6 / 0.4 / 0: the top class is right in six of ten, the others never and in four.
    probabilities = np.tile([0.6, 0.4, 0.0], (10, 1))
    right, swapped = np.array([0] * 6 + [1] * 4), np.array([0] * 6 + [2] * 4)
    assert class_expected_error(right, probabilities) == pytest.approx(0)
    assert confidence_reliability(swapped, probabilities).expected_error() == pytest.approx(0)
    assert class_expected_error(swapped, probabilities) == pytest.approx((0.4 + 0.4) / 3)
