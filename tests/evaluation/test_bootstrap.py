import numpy as np
import pytest

from heartfeat.evaluation import bootstrap
from heartfeat.evaluation.bootstrap import bootstrap_intervals, person_weights, resampled_scores
from heartfeat.evaluation.scores import score
from heartfeat.tasks import MURMUR


def _patients(count, seed=0):
    generator = np.random.default_rng(seed)
    labels = generator.choice(3, count, p=[0.2, 0.1, 0.7])
    probabilities = generator.dirichlet([1, 1, 1], count)
    probabilities[np.arange(count), labels] += 0.4
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return labels, probabilities, probabilities.argmax(axis=1)


def test_the_interval_of_accuracy_is_near_the_binomial_one():
    labels, probabilities, decisions = _patients(400)
    persons = [str(i) for i in range(400)]
    low, high = bootstrap_intervals(MURMUR, labels, probabilities, decisions, persons)["accuracy"]
    accuracy = score(MURMUR, labels, probabilities, decisions)["accuracy"]
    half = 1.96 * np.sqrt(accuracy * (1 - accuracy) / 400)
    assert low == pytest.approx(accuracy - half, abs=0.01)
    assert high == pytest.approx(accuracy + half, abs=0.01)


def test_patients_of_one_person_are_drawn_together():
    weights = np.concatenate(list(person_weights(["a", "b", "a", "c"], resamples=50)))
    assert weights.shape == (50, 4)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()


def test_doubled_patients_do_not_narrow_the_interval():
    labels, probabilities, decisions = _patients(100)
    doubled = [np.tile(labels, 2), np.tile(probabilities, (2, 1)), np.tile(decisions, 2)]
    persons = [str(i) for i in range(100)]
    once = bootstrap_intervals(MURMUR, labels, probabilities, decisions, persons)
    twice = bootstrap_intervals(MURMUR, *doubled, persons * 2)
    assert twice["uar"] == pytest.approx(once["uar"])


def test_a_seed_gives_the_same_draws_whatever_the_block(monkeypatch):
    persons = [str(i) for i in range(7)]
    whole = np.concatenate(list(person_weights(persons, 30, seed=3)))
    monkeypatch.setattr(bootstrap, "_CELLS_AT_ONCE", 21)
    blocks = list(person_weights(persons, 30, seed=3))
    assert len(blocks) == 10
    assert (np.concatenate(blocks) == whole).all()
    assert not (np.concatenate(list(person_weights(persons, 30, seed=4))) == whole).all()


def test_a_fortieth_of_the_resamples_lies_below_an_interval_and_as_much_above():
    patients, persons = _patients(60), [str(i) for i in range(60)]
    low, high = bootstrap_intervals(MURMUR, *patients, persons, resamples=400)["uar"]
    draws = resampled_scores(MURMUR, *patients, persons, resamples=400)["uar"]
    assert (np.sum(draws < low), np.sum(draws > high)) == (10, 10)


def test_patients_without_a_label_take_no_part():
    labels, probabilities, decisions = _patients(60)
    persons = [str(i) for i in range(60)]
    hidden = np.where(np.arange(60) < 20, -1, labels)
    with_hidden = bootstrap_intervals(MURMUR, hidden, probabilities, decisions, persons, resamples=100)
    rest = [values[20:] for values in (labels, probabilities, decisions)]
    assert with_hidden == bootstrap_intervals(MURMUR, *rest, persons[20:], resamples=100)


def test_a_score_that_is_never_defined_has_no_interval():
    labels = np.array([0, 2, 0, 2])
    found = bootstrap_intervals(MURMUR, labels, np.eye(3)[labels], labels, list("abcd"), resamples=20)
    assert np.isnan(found["sensitivity_Unknown"]).all()
    assert found["uar"] == (1.0, 1.0)


def test_one_person_per_patient_is_demanded():
    with pytest.raises(ValueError, match="got 1 persons for 2 labels"):
        bootstrap_intervals(MURMUR, np.array([0, 1]), np.full((2, 3), 1 / 3), np.array([0, 1]), ["a"])
