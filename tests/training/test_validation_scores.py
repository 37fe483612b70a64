import pickle
import typing

import numpy as np

from heartfeat.heads.neural.settings import StopScore
from heartfeat.tasks import MURMUR, NORMAL_ABNORMAL
from heartfeat.training.validation_scores import WATCHED, ValidationScores

LABELS = np.array([0, 1, 2, 2])
CHANCES = np.array([[0.3, 0.2, 0.5], [0.1, 0.6, 0.3], [0.1, 0.1, 0.8], [0.4, 0.1, 0.5]])


def test_scores_are_of_the_decision_of_highest_worth():
    scores = ValidationScores(MURMUR)(LABELS, CHANCES)
    assert scores["uar"] == np.mean([1, 1, 0.5])
    assert scores["weighted_accuracy"] == (5 + 3 + 1) / (5 + 3 + 2)


def test_a_balanced_task_is_decided_by_the_shares_of_these_patients():
    scores = ValidationScores(NORMAL_ABNORMAL)
    halves = np.array([0, 0, 1, 1])
    # By the Challenge's shares all four would be abnormal.
    assert scores(halves, np.array([[0.7, 0.3], [0.6, 0.4], [0.4, 0.6], [0.3, 0.7]]))["uar"] == 1


def test_every_score_that_training_can_stop_on_is_there():
    assert set(typing.get_args(StopScore)) == {"loss", *WATCHED}


def test_scores_can_be_sent_to_another_process():
    scores = ValidationScores(MURMUR)
    assert pickle.loads(pickle.dumps(scores)) == scores  # noqa: S301 - our own
