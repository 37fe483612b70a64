import numpy as np
import pytest

from heartfeat.evaluation.challenge2016 import modified_accuracy, quality_weighted_accuracy
from heartfeat.evaluation.decisions import decide
from heartfeat.evaluation.scores import score
from heartfeat.tasks import MURMUR, NORMAL_ABNORMAL


def test_a_balanced_task_weighs_a_class_by_one_over_its_share():
    assert NORMAL_ABNORMAL.worth_by_shares([0.2, 0.8]).worth == (4, 1)
    assert NORMAL_ABNORMAL.worth_by_shares([0, 1]) is NORMAL_ABNORMAL
    assert MURMUR.worth_by_shares([0.2, 0.1, 0.7]) is MURMUR


def test_deciding_by_shares_maximises_macc_where_probabilities_are_posteriors():
    rng = np.random.default_rng(0)
    labels = (rng.random(20000) > 0.25).astype(int)
    signal = rng.normal(loc=labels)
    likelihoods = np.exp(-((signal[:, None] - [0, 1]) ** 2) / 2) * [0.25, 0.75]
    posteriors = likelihoods / likelihoods.sum(axis=1, keepdims=True)

    def macc(worth):
        task = NORMAL_ABNORMAL.worth_by_shares([1 / worth, 1])
        return score(task, labels, posteriors, decide(task, posteriors))["macc"]

    assert macc(3) > max(macc(1), macc(2), macc(5), macc(9))


@pytest.mark.parametrize("seed", range(3))
def test_macc_is_that_of_the_challenge_in_both_forms(seed):
    rng = np.random.default_rng(seed)
    labels, decisions = rng.integers(0, 2, (2, 60))
    found = score(NORMAL_ABNORMAL, labels, np.full((60, 2), 0.5), decisions)["macc"]
    truth, answers = ([1 if code == 0 else -1 for code in codes] for codes in (labels, decisions))
    assert found == pytest.approx(modified_accuracy(truth, answers).macc)
    quality = rng.integers(0, 2, 60).tolist()
    assert found == pytest.approx(quality_weighted_accuracy(truth, answers, quality).macc)


def test_macc_without_one_of_the_classes_is_undefined_and_other_tasks_have_none():
    labels = np.zeros(5, dtype=int)
    assert np.isnan(score(NORMAL_ABNORMAL, labels, np.full((5, 2), 0.5), labels)["macc"])
    assert "macc" not in score(MURMUR, labels, np.full((5, 3), 1 / 3), labels)
