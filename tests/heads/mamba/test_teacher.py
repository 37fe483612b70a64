import dataclasses

import numpy as np
import pytest

from heartfeat.heads.examples import UNLABELLED
from heartfeat.heads.mamba.teacher import recording_targets
from heartfeat.heads.neural.bags import labels_of_recordings
from heartfeat.heads.settings import MambaFormerSettings


def settings(teacher=0.5, **changes):
    return MambaFormerSettings(teacher=teacher, **changes)


def labels_of(examples):
    return np.eye(len(examples.classes), dtype=np.float32)[labels_of_recordings(examples)]


def test_without_a_teacher_targets_are_the_labels(token_examples):
    examples = token_examples(12)
    np.testing.assert_array_equal(recording_targets(examples, settings(0.0), 0), labels_of(examples))


def test_where_recordings_are_not_learned_there_is_nothing_to_teach(token_examples):
    examples, alone = token_examples(12), settings(recording_weight=0.0, patient_weight=1.0)
    np.testing.assert_array_equal(recording_targets(examples, alone, 0), labels_of(examples))


def test_a_share_of_every_label_gives_way_to_what_trees_say(token_examples):
    examples = token_examples(40)
    labels, said = labels_of(examples), recording_targets(examples, settings(1.0), 0)
    np.testing.assert_allclose(said.sum(axis=1), 1.0, atol=1e-5)
    assert (said < 1).all()
    quarter = recording_targets(examples, settings(0.25), 0)
    np.testing.assert_allclose(quarter, 0.75 * labels + 0.25 * said, atol=1e-6)
    assert (said.argmax(axis=1) == labels.argmax(axis=1)).mean() > 0.8


def test_what_trees_say_of_a_person_does_not_depend_on_the_persons_labels(token_examples):
    examples = token_examples(40)
    changed = dataclasses.replace(examples, recording_labels=examples.recording_labels.copy())
    # All labels of recordings but not the patient's, by which persons are dealt into folds.
    own = examples.patient_of == 3
    changed.recording_labels[own] = (changed.recording_labels[own] + 1) % 3
    before, after = (recording_targets(some, settings(1.0), 0) for some in (examples, changed))
    np.testing.assert_array_equal(before[own], after[own])
    assert not np.array_equal(before[~own], after[~own])


def test_recordings_without_a_label_stay_without_a_target(token_examples):
    examples = token_examples(20)
    examples.recording_labels[::3] = UNLABELLED
    examples.labels[5] = UNLABELLED
    targets = recording_targets(examples, settings(), 0)
    assert not targets[::3].any()
    known = examples.recording_labels != UNLABELLED
    np.testing.assert_allclose(targets[known].sum(axis=1), 1.0, atol=1e-5)
    of_unknown = (examples.patient_of == 5) & known
    assert of_unknown.any()
    np.testing.assert_array_equal(targets[of_unknown].max(axis=1), 1.0)


def test_of_a_single_person_trees_say_nothing(token_examples):
    examples = token_examples(1)
    np.testing.assert_array_equal(recording_targets(examples, settings(), 0), labels_of(examples))


@pytest.mark.parametrize("seed", [0, 1])
def test_a_seed_gives_the_same_targets_again(token_examples, seed):
    first, again = (recording_targets(token_examples(20), settings(), seed) for _ in range(2))
    np.testing.assert_array_equal(first, again)
