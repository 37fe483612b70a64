import numpy as np
import pytest

from heartfeat.evaluation.decisions import decide
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
