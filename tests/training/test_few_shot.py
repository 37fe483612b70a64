from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from heartfeat.training.few_shot import few_shot_patients


@st.composite
def cohorts(draw):
    """Patients, some of them a second id of the person before, mostly with that person's label."""
    labels, persons = [], []
    for number in range(draw(st.integers(1, 150))):
        second = number > 0 and draw(st.integers(0, 5)) == 0
        persons.append(persons[-1] if second else f"s{number}")
        labels.append(labels[-1] if second and draw(st.booleans()) else draw(st.integers(0, 2)))
    return [f"p{number}" for number in range(len(labels))], persons, np.array(labels)


def persons_per_class(kept, cohort):
    patients, persons, labels = cohort
    pairs = {
        (person, int(code))
        for patient, person, code in zip(patients, persons, labels, strict=True)
        if patient in kept
    }
    return Counter(code for _, code in pairs)


@settings(max_examples=60, deadline=None)
@given(cohorts(), st.integers(0, 1000), st.floats(0.005, 1), st.floats(0.005, 1))
def test_a_smaller_share_is_part_of_a_larger_one(cohort, seed, one, other):
    small, large = (few_shot_patients(*cohort, share=share, seed=seed) for share in sorted((one, other)))
    assert set(small) <= set(large)
    assert few_shot_patients(*cohort, share=1.0, seed=seed) == cohort[0]


@settings(max_examples=60, deadline=None)
@given(cohorts(), st.integers(0, 1000), st.sampled_from([0.01, 0.1, 0.5]))
def test_persons_are_kept_whole_and_in_order(cohort, seed, share):
    patients, persons, labels = cohort
    kept = few_shot_patients(patients, persons, labels, share, seed)
    whole = {person for patient, person in zip(patients, persons, strict=True) if patient in set(kept)}
    assert kept == [patient for patient, person in zip(patients, persons, strict=True) if person in whole]


@settings(max_examples=60, deadline=None)
@given(cohorts(), st.integers(0, 1000), st.sampled_from([0.01, 0.1, 0.5]))
def test_every_class_keeps_its_share_of_persons_to_within_rounding_and_one_at_least(cohort, seed, share):
    patients, persons, labels = cohort
    everyone = persons_per_class(set(patients), cohort)
    kept = persons_per_class(set(few_shot_patients(*cohort, share=share, seed=seed)), cohort)
    mixed = sum(len(set(labels[np.array(persons) == person])) > 1 for person in set(persons))
    for label, count in everyone.items():
        assert kept[label] >= max(1, share * count - 0.5 - 1e-9)
        assert kept[label] <= max(1, share * count + 0.5 + 1e-9) + mixed


def test_seeds_give_different_patients():
    patients = [f"p{number}" for number in range(60)]
    labels = np.arange(60) % 3
    assert len({tuple(few_shot_patients(patients, patients, labels, 0.1, seed)) for seed in range(5)}) > 1
