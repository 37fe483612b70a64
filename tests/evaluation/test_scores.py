import math

import numpy as np
import pytest

from heartfeat.evaluation.challenge2022 import challenge_cost
from heartfeat.evaluation.scores import score, weighted_scores
from heartfeat.tasks import MURMUR, OUTCOME

from .official2022 import challenge_scores


@pytest.fixture
def judged():
    """Sixty patients: labels, probabilities that lean towards them, decisions, outcome."""
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 3, 60)
    probabilities = generator.dirichlet([1, 1, 1], 60)
    probabilities[np.arange(60), labels] += 0.5
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return labels, probabilities, probabilities.argmax(axis=1), generator.integers(0, 2, 60)


def test_scores_shared_with_the_challenge_are_its_own(judged):
    labels, probabilities, decisions, outcome = judged
    scores = score(MURMUR, labels, probabilities, decisions, outcome)
    official = challenge_scores(MURMUR, labels, probabilities, decisions, outcome)
    for ours, theirs in (("macro_f1", "f_measure"), *((name, name) for name in ("auroc", "auprc", "cost"))):
        assert scores[ours] == pytest.approx(official[theirs], abs=1e-12)
    assert scores["weighted_accuracy"] == pytest.approx(official["weighted_accuracy"])
    assert scores["uar"] == pytest.approx(np.mean(official["accuracy_classes"]))
    assert scores["auroc_Unknown"] == pytest.approx(official["auroc_classes"][1])


def test_every_score_per_class_is_named_after_the_class(judged):
    scores = score(MURMUR, *judged)
    for name in ("sensitivity", "specificity", "auroc", "auprc"):
        assert {f"{name}_{label}" for label in MURMUR.classes} <= set(scores)


def test_perfect_predictions_score_full_marks():
    labels = np.array([0, 1, 2, 2])
    scores = score(MURMUR, labels, np.eye(3)[labels], labels)
    errors = ("brier", "ece", "class_ece", "mce")
    best = {name: value for name, value in scores.items() if name not in errors}
    assert best == pytest.approx(dict.fromkeys(best, 1.0))
    assert [scores[name] for name in errors] == [0.0] * 4


def test_patients_without_a_label_do_not_count(judged):
    labels, probabilities, decisions, outcome = judged
    hidden = np.where(np.arange(60) < 20, -1, labels)
    rest = [values[20:] for values in (labels, probabilities, decisions, outcome)]
    assert score(MURMUR, hidden, probabilities, decisions, outcome) == pytest.approx(score(MURMUR, *rest))


def test_murmur_cost_needs_the_outcome_and_leaves_out_patients_without_one(judged):
    labels, probabilities, decisions, outcome = judged
    assert "cost" not in score(MURMUR, labels, probabilities, decisions)
    partly = np.where(np.arange(60) < 10, -1, outcome)
    expected = challenge_cost(MURMUR, decisions[10:], outcome[10:])
    assert score(MURMUR, labels, probabilities, decisions, partly)["cost"] == pytest.approx(expected)


def test_outcome_cost_takes_the_labels_themselves():
    labels, decisions = np.array([0, 1, 1]), np.array([0, 0, 1])
    scores = score(OUTCOME, labels, np.eye(2)[decisions], decisions)
    assert scores["cost"] == pytest.approx(challenge_cost(OUTCOME, decisions, labels))


def test_weighted_f1_weighs_classes_by_their_patients():
    labels, decisions = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    scores = score(OUTCOME, labels, np.eye(2)[decisions], decisions)
    assert scores["weighted_f1"] == pytest.approx((3 * 0.8 + 1 * 2 / 3) / 4)
    assert scores["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2)


def test_a_weight_of_two_is_the_patient_twice(judged):
    labels, probabilities, decisions, outcome = judged
    counts = np.random.default_rng(2).integers(0, 3, (3, 60))
    scored = weighted_scores(MURMUR, labels, probabilities, decisions, counts, outcome)
    for row, count in enumerate(counts):
        repeated = [np.repeat(values, count, axis=0) for values in judged]
        expected = score(MURMUR, *repeated)
        assert {name: values[row] for name, values in scored.items()} == pytest.approx(expected)


def test_a_class_that_does_not_occur_has_no_scores_of_its_own():
    labels = np.array([0, 2, 2])
    scores = score(MURMUR, labels, np.eye(3)[labels], labels)
    assert math.isnan(scores["sensitivity_Unknown"])
    assert math.isnan(scores["auroc_Unknown"])
    assert scores["uar"] == 1.0


@pytest.mark.parametrize(
    ("labels", "probabilities", "decisions", "message"),
    [
        ([-1, -1], np.full((2, 3), 1 / 3), [0, 0], "none of 2 patients has a murmur label"),
        ([0, 1], np.full((2, 2), 0.5), [0, 0], r"probabilities \(2, 3\)"),
        ([0, 1], np.full((2, 3), 1 / 3), [0], r"decisions \(2,\)"),
        ([0, 3], np.full((2, 3), 1 / 3), [0, 0], "below 3, got 3"),
    ],
)
def test_what_cannot_be_scored_is_refused(labels, probabilities, decisions, message):
    with pytest.raises(ValueError, match=message):
        score(MURMUR, np.array(labels), probabilities, np.array(decisions))
