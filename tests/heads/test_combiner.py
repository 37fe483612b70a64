import warnings

import numpy as np
import pytest

from heartfeat.heads.combiner import FEW, FEWEST, PENALTY, Combiner
from heartfeat.heads.linear_model import LinearModel

LABELS = np.arange(90) % 3


def rows(seed=0):
    """Evidence that tells the first class from the rest, and quality that tells the second from the third."""
    generator = np.random.default_rng(seed)
    evidence, quality = generator.normal(size=(90, 2, 3)), generator.normal(size=(90, 2))
    evidence[:, 0, 0] += 2 * (LABELS == 0)
    quality[:, 0] += 3 * (LABELS == 1)
    return evidence, quality


def test_each_class_is_what_earlier_questions_left_of_it():
    evidence, quality = rows()
    combiner = Combiner.fit(evidence[None], quality, LABELS, 3)
    first, second = combiner.questions
    of_second = np.concatenate([evidence[:, 1], quality], axis=1)
    (yes, no), (then, never) = first.predict(evidence[:, 0]).T, second.predict(of_second).T
    predicted = combiner.predict(evidence, quality)
    assert predicted == pytest.approx(np.stack([yes, no * then, no * never], axis=1))
    assert predicted.sum(axis=1) == pytest.approx(1)
    assert (predicted.argmax(axis=1) == LABELS).mean() > 0.7


def test_a_question_is_asked_only_of_those_whom_earlier_ones_left():
    evidence, quality = rows()
    left = LABELS > 0
    columns = np.concatenate([evidence[:, 1], quality], axis=1)[left]
    expected = LinearModel.fit(columns, LABELS[left] - 1, 2, FEW / 60)
    second = Combiner.fit(evidence[None], quality, LABELS, 3).questions[1]
    assert second.predict(columns) == pytest.approx(expected.predict(columns), abs=1e-6)


def test_every_view_of_the_patients_counts():
    (evidence, quality), (other, _) = rows(), rows(1)
    combiner = Combiner.fit(np.stack([evidence, other]), quality, LABELS, 3)
    first = LinearModel.fit(
        np.concatenate([evidence, other])[:, 0], np.tile(LABELS != 0, 2).astype(int), 2, FEW / 90
    )
    assert combiner.questions[0].predict(other[:, 0]) == pytest.approx(first.predict(other[:, 0]), abs=1e-6)


@pytest.mark.parametrize(("patients", "penalty"), [(90, FEW / 90), (900, PENALTY)])
def test_few_patients_are_believed_less(patients, penalty):
    evidence, quality = (np.tile(array, (patients // 90, *[1] * (array.ndim - 1))) for array in rows())
    labels = np.tile(LABELS, patients // 90)
    for views in (1, 3):
        combiner = Combiner.fit(np.stack([evidence] * views), quality, labels, 3)
        answers = np.tile(labels != 0, views).astype(int)
        expected = LinearModel.fit(np.tile(evidence[:, 0], (views, 1)), answers, 2, penalty)
        said = combiner.questions[0].predict(evidence[:, 0])
        assert said == pytest.approx(expected.predict(evidence[:, 0]), abs=1e-6)


@pytest.mark.parametrize("few", [0, 1])
def test_evidence_is_believed_as_it_is_where_one_answer_has_hardly_a_patient(few):
    evidence, _ = rows()
    labels = np.where(np.arange(90) < FEWEST - 1, few, 1 - few)
    turned, none = np.where(labels == 0, -3, 3)[:, None, None] + evidence, np.zeros((90, 0))
    predicted = Combiner.fit(turned[None], none, labels, 2).predict(turned, none)
    assert predicted[:, 0] == pytest.approx(1 / (1 + np.exp(-turned[:, 0].mean(axis=1))))
    labels[FEWEST - 1] = few
    turned[FEWEST - 1] -= 6 * (1 if few == 0 else -1)
    learned = Combiner.fit(turned[None], none, labels, 2).predict(turned, none)
    assert (learned.argmax(axis=1) == labels).mean() > 0.9, (
        "of enough patients it is learned what evidence means"
    )


def test_quality_is_learned_from_however_few_there_are():
    evidence, quality = rows()
    labels = np.where(np.arange(90) < FEWEST - 1, 1, np.where(np.arange(90) < 50, 2, 0))
    quality[labels == 1, 0] += 6
    predicted = Combiner.fit(evidence[None], quality, labels, 3).predict(evidence, quality)
    share = predicted[:, 1] / predicted[:, 1:].sum(axis=1)
    assert share[labels == 1].min() > share[labels == 2].max()


def test_a_question_is_answered_by_its_own_evidence():
    evidence, quality = rows()
    combiner = Combiner.fit(evidence[None], quality, LABELS, 3)
    other = evidence.copy()
    other[:, 1] += 1
    plain, changed = (combiner.predict(rows, quality) for rows in (evidence, other))
    assert (changed[:, 0] == plain[:, 0]).all()
    assert (changed[:, 1] != plain[:, 1]).all()
    other = evidence.copy()
    other[:, 0] += 1
    changed = combiner.predict(other, quality)
    assert changed[:, 1] / changed[:, 1:].sum(axis=1) == pytest.approx(plain[:, 1] / plain[:, 1:].sum(axis=1))


def test_quality_says_nothing_of_the_first_class():
    evidence, quality = rows()
    combiner = Combiner.fit(evidence[None], quality, LABELS, 3)
    clear, poor = combiner.predict(evidence, quality), combiner.predict(evidence, quality + 2)
    assert (poor[:, 0] == clear[:, 0]).all()
    assert (poor[:, 1] > clear[:, 1]).all()


def test_of_two_classes_quality_has_no_say_and_may_be_missing():
    evidence, quality = rows()
    labels, none = (LABELS != 0).astype(int), np.zeros((90, 0))
    two = Combiner.fit(evidence[None], quality, labels, 2)
    expected = LinearModel.fit(evidence[:, 0], labels, 2, FEW / 90).predict(evidence[:, 0])
    assert two.predict(evidence, quality) == pytest.approx(expected)
    without = Combiner.fit(evidence[None], none, labels, 2)
    assert (without.predict(evidence, none) == two.predict(evidence, quality)).all()


@pytest.mark.parametrize("seen", [(0, 2), (1, 2), (0, 1), (0,), (2,)])
def test_classes_without_patients_get_next_to_no_probability(seen):
    evidence, quality = rows()
    labels = np.array(seen)[np.arange(90) % len(seen)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predicted = Combiner.fit(evidence[None], quality, labels, 3).predict(evidence, quality)
    absent = [code for code in range(3) if code not in seen]
    assert predicted[:, absent].max() < 1e-6
    assert predicted.sum(axis=1) == pytest.approx(1)


def test_the_order_of_the_patients_does_not_matter():
    (evidence, quality), order = rows(), np.random.default_rng(1).permutation(90)
    one = Combiner.fit(evidence[None], quality, LABELS, 3).predict(evidence, quality)
    other = Combiner.fit(evidence[None, order], quality[order], LABELS[order], 3).predict(evidence, quality)
    assert other == pytest.approx(one, abs=5e-3)


def test_arrays_describe_the_combiner():
    evidence, quality = rows()
    combiner = Combiner.fit(evidence[None], quality, LABELS, 3)
    arrays = combiner.arrays("combiner.")
    assert sorted(arrays) == [f"combiner.{code}.{part}" for code in (0, 1) for part in ("bias", "weights")]
    again = Combiner.from_arrays({**arrays, "other": evidence}, "combiner.", 3)
    assert (again.predict(evidence, quality) == combiner.predict(evidence, quality)).all()
