import itertools

import numpy as np
import pytest

from heartfeat.evaluation.decisions import any_present, decide
from heartfeat.tasks import MURMUR, OUTCOME


def test_worth_lets_an_unlikely_urgent_class_win():
    probabilities = np.array([[0.2, 0.0, 0.8], [0.1, 0.1, 0.8], [0.1, 0.3, 0.6]])
    assert decide(MURMUR, probabilities).tolist() == [0, 2, 1]
    assert decide(MURMUR, probabilities, "argmax").tolist() == [2, 2, 2]


def test_no_other_decision_expects_more_weighted_accuracy():
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet([1, 1, 1], 200)
    gains = probabilities * MURMUR.worth
    chosen = gains[np.arange(200), decide(MURMUR, probabilities)]
    assert (chosen == gains.max(axis=1)).all()


def test_a_tie_goes_to_the_more_urgent_class():
    assert decide(OUTCOME, np.array([[0.5, 0.5]]), "argmax").tolist() == [0]


@pytest.mark.parametrize(
    ("probabilities", "rule", "message"),
    [
        (np.ones((2, 2)), "worth", r"shape \(patients, 3\), got \(2, 2\)"),
        (np.array([[0.1, 0.2, 0.7], [np.nan, 0, 1]]), "worth", "row 1 of 2 is not"),
        (np.ones((1, 3)), "threshold", "the rule must be"),
    ],
)
def test_what_cannot_be_decided_on_is_refused(probabilities, rule, message):
    with pytest.raises(ValueError, match=message):
        decide(MURMUR, probabilities, rule)


def expected_cost(abnormal, referred):
    """Expected cost per patient of a set of answers, straight from the formula."""
    share = referred.mean()
    missed = 50000 * abnormal[~referred].sum() + 10000 * abnormal[referred].sum()
    return 10 + 25 + 397 * share - 1718 * share**2 + 11296 * share**4 + missed / len(abnormal)


@pytest.mark.parametrize("seed", range(4))
def test_no_other_set_of_referrals_expects_a_lower_cost(seed):
    abnormal = np.random.default_rng(seed).beta(0.3, 1.2, 8)
    chosen = decide(OUTCOME, np.stack([abnormal, 1 - abnormal], axis=1), "cost") == 0
    every = np.array(list(itertools.product([False, True], repeat=8)))
    lowest = min(expected_cost(abnormal, referred) for referred in every)
    assert expected_cost(abnormal, chosen) == pytest.approx(lowest)


def test_nobody_is_no_cost():
    assert decide(OUTCOME, np.zeros((0, 2)), "cost").tolist() == []


def test_cost_is_for_the_outcome_alone():
    with pytest.raises(ValueError, match="for the task 'outcome'"):
        decide(MURMUR, np.full((1, 3), 1 / 3), "cost")


def test_any_present_recording_makes_the_patient_present_and_any_unknown_unknown():
    present, unknown, absent = np.eye(3) * 0.6 + 0.1
    recordings = np.stack([absent, present, unknown, absent, absent, unknown, absent])
    patient_of = np.array([0, 0, 0, 1, 1, 2, 2])
    assert any_present(recordings, patient_of, 4).tolist() == [0, 2, 1, -1]
