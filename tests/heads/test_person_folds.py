import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from heartfeat.heads.person_folds import person_folds


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), min_size=1, max_size=40), st.integers(2, 5))
def test_no_person_is_in_two_folds_and_no_fold_is_empty(rows, folds):
    persons, labels = [str(person) for person, _ in rows], np.array([label for _, label in rows])
    fold = person_folds(persons, labels, folds, seed=0)
    assert len({(person, number) for person, number in zip(persons, fold, strict=True)}) == len(set(persons))
    assert set(fold) == set(range(min(folds, len(set(persons)))))


def test_every_fold_has_its_share_of_each_class():
    labels = np.repeat([0, 1, 2], [12, 8, 40])
    fold = person_folds([str(i) for i in range(60)], labels, 4, seed=1)
    for number in range(4):
        assert np.bincount(labels[fold == number]).tolist() == [3, 2, 10]


def test_the_seed_decides():
    persons, labels = [str(i) for i in range(30)], np.arange(30) % 3
    one, other = person_folds(persons, labels, 3, seed=0), person_folds(persons, labels, 3, seed=1)
    assert (one == person_folds(persons, labels, 3, seed=0)).all()
    assert (one != other).any()
