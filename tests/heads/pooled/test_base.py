import dataclasses
import json

import numpy as np
import pytest
import torch

from heartfeat.errors import ConfigError, FeatureKeyError, RunError
from heartfeat.heads.examples import UNLABELLED
from heartfeat.heads.head import HeadState
from heartfeat.heads.registry import head_class, make_head
from heartfeat.heads.settings import HEAD_SETTINGS

KINDS = ("linear", "mlp", "attention")
VIEWS = ("clean", "gain-6")
each_head = pytest.mark.parametrize("kind", KINDS)


def silent(what, done, total):
    """Progress that nobody sees."""


def quick(kind, **changes):
    return HEAD_SETTINGS[kind](**{"epochs": 4, "learning_rate": 0.005, **changes})


def fitted(kind, examples, valid=None, **changes):
    head = make_head(quick(kind, **changes))
    head.fit(examples, examples if valid is None else valid, silent)
    return head


def reordered(examples):
    """The same patients with the recordings of each in reverse order, and that order."""
    rows = np.arange(len(examples.patient_of))
    order = np.concatenate([rows[examples.patient_of == p][::-1] for p in range(len(examples.patients))])
    arrays = examples.features["logmel"]
    features = {"logmel": dataclasses.replace(arrays, pooled=arrays.pooled[:, order])}
    recordings = examples.recordings[order]
    return dataclasses.replace(examples, recordings=recordings, features=features), order


@each_head
def test_it_learns_what_tells_the_classes_apart(kind, pooled_examples):
    head = fitted(kind, pooled_examples(60, VIEWS, seed=1), epochs=25)
    unseen = pooled_examples(45, VIEWS, seed=2)
    said = head.predict(unseen.without_labels())
    assert said.patients.shape == (2, 45, 3)
    assert said.recordings.shape == (2, len(unseen.recordings), 3)
    for probabilities in (said.patients, said.recordings):
        assert probabilities.dtype == np.float64
        np.testing.assert_allclose(probabilities.sum(-1), 1.0)
    assert (said.patients.argmax(2) == unseen.labels).mean() > 0.85
    assert (said.recordings.argmax(2) == unseen.recording_labels).mean() > 0.85


@each_head
def test_a_patient_does_not_depend_on_the_others_nor_on_padding(kind, pooled_examples):
    examples = pooled_examples(12, VIEWS)
    head = fitted(kind, examples)
    together = head.predict(examples)
    for number, patient in enumerate(examples.patients["patient"]):
        alone = head.predict(examples.take([patient]))
        np.testing.assert_allclose(alone.patients[:, 0], together.patients[:, number], atol=1e-6)
        rows = examples.patient_of == number
        np.testing.assert_allclose(alone.recordings, together.recordings[:, rows], atol=1e-6)


@each_head
def test_the_order_of_recordings_does_not_matter(kind, pooled_examples):
    examples = pooled_examples(12)
    head = fitted(kind, examples)
    moved, order = reordered(examples)
    assert moved.recordings["recording"].to_list() != examples.recordings["recording"].to_list()
    before, after = head.predict(examples), head.predict(moved)
    np.testing.assert_allclose(after.patients, before.patients, atol=1e-6)
    np.testing.assert_allclose(after.recordings, before.recordings[:, order], atol=1e-6)


@each_head
def test_the_same_seed_gives_the_same_bits_whatever_was_drawn_before(kind, pooled_examples):
    examples = pooled_examples(20, VIEWS)
    first = fitted(kind, examples).predict(examples)
    torch.rand(7)
    np.testing.assert_array_equal(fitted(kind, examples).predict(examples).patients, first.patients)
    other = fitted(kind, examples, seed=1).predict(examples)
    assert not np.allclose(other.patients, first.patients)


@each_head
def test_a_saved_head_predicts_the_same_bits(kind, pooled_examples):
    examples = pooled_examples(15, VIEWS)
    head = fitted(kind, examples)
    state = head.state()
    copied = HeadState(json.loads(json.dumps(dict(state.settings))), state.arrays, state.texts)
    again = head_class(kind).from_state(copied)
    assert again.settings == head.settings
    expected, seen = head.predict(examples), again.predict(examples)
    np.testing.assert_array_equal(seen.patients, expected.patients)
    np.testing.assert_array_equal(seen.recordings, expected.recordings)


def test_labels_are_not_looked_at_in_prediction(pooled_examples):
    examples = pooled_examples(10)
    head = fitted("mlp", examples)
    hidden = head.predict(examples.without_labels())
    np.testing.assert_array_equal(head.predict(examples).patients, hidden.patients)


def test_fitting_leaves_the_callers_random_numbers_and_threads_alone(pooled_examples):
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    threads = torch.get_num_threads()
    head_class("mlp").from_state(fitted("mlp", pooled_examples(6)).state())
    assert torch.equal(torch.rand(4), expected)
    assert torch.get_num_threads() == threads


def test_class_weights_are_taken_out_of_the_probabilities(pooled_examples):
    shares = np.array([1, 1, 1]) / 3
    for weights in ((1, 1, 1), (8, 1, 1)):
        head = fitted("linear", pooled_examples(60), epochs=25, class_weights=weights)
        said = head.predict(pooled_examples(150, seed=5)).patients[0]
        assert said.mean(0) == pytest.approx(shares, abs=0.08)


def test_training_stops_when_validation_gets_no_better_and_goes_back(pooled_examples):
    train, valid = pooled_examples(40, seed=1), pooled_examples(12, seed=4)
    valid.labels[:] = np.roll(valid.labels, 1)
    head = make_head(quick("mlp", epochs=40, patience=3))
    history = head.fit(train, valid, silent)
    losses = [entry["valid_loss"] for entry in history]
    best = int(np.argmin(losses))
    assert len(history) == best + 1 + 3 < 40
    said = head.predict(valid).patients[0]
    of_label = said[np.arange(len(said)), valid.labels]
    assert -np.log(of_label).mean() == pytest.approx(losses[best], abs=1e-9)


def test_without_validation_patients_every_epoch_is_trained(pooled_examples):
    examples = pooled_examples(10)
    told = []
    head = make_head(quick("attention", patience=1))
    history = head.fit(examples, examples.take([]), lambda *report: told.append(report))
    assert told == [("epoch", epoch, 4) for epoch in range(1, 5)]
    assert [sorted(entry) for entry in history] == [["epoch", "loss"]] * 4


def test_labels_per_recording_are_learned_from(pooled_examples):
    examples = pooled_examples(30)
    swapped = dataclasses.replace(examples, recording_labels=(examples.recording_labels + 1) % 3)
    ours = fitted("mlp", examples, epochs=25).predict(examples).recordings[0]
    theirs = fitted("mlp", swapped, epochs=25).predict(examples).recordings[0]
    assert (ours.argmax(1) == examples.recording_labels).mean() > 0.8
    assert (theirs.argmax(1) == swapped.recording_labels).mean() > 0.8


def test_recordings_without_labels_of_their_own_take_their_patients(pooled_examples):
    train, unseen = pooled_examples(60, seed=1), pooled_examples(45, seed=2)
    train.recording_labels[:] = UNLABELLED
    said = fitted("mlp", train, epochs=25).predict(unseen.without_labels())
    assert (said.patients[0].argmax(1) == unseen.labels).mean() > 0.7


def test_metadata_and_quality_are_used_unless_turned_off(pooled_examples):
    examples = pooled_examples(12)
    changes = {
        "metadata": {"patients": examples.patients.drop("age", "sex", "height")},
        "quality": {"recordings": examples.recordings.drop("snr_db")},
    }
    for setting, change in changes.items():
        bare = dataclasses.replace(examples, **change)
        using, without = fitted("mlp", examples), fitted("mlp", examples, **{setting: False})
        assert not np.allclose(using.predict(bare).patients, using.predict(examples).patients)
        np.testing.assert_array_equal(without.predict(bare).patients, without.predict(examples).patients)


def test_a_site_never_seen_in_training_is_judged(pooled_examples):
    examples = pooled_examples(6)
    elsewhere = examples.recordings.with_columns(site="site" + examples.recordings["site"])
    said = fitted("mlp", examples).predict(dataclasses.replace(examples, recordings=elsewhere))
    assert np.isfinite(said.patients).all()


@each_head
def test_a_head_that_was_not_fitted_says_so(kind, pooled_examples):
    head = make_head(quick(kind))
    for use in (head.state, lambda: head.predict(pooled_examples(3))):
        with pytest.raises(RunError, match=f"this {kind} head has not been fitted"):
            use()


def test_what_cannot_be_trained_on_is_refused(pooled_examples):
    examples = pooled_examples(6)
    with pytest.raises(ConfigError, match="no training patient has a label"):
        fitted("linear", examples.without_labels())
    with pytest.raises(ConfigError, match="class_weights holds 2 numbers"):
        fitted("linear", examples, class_weights=(1, 2))


def test_features_of_another_make_are_refused(pooled_examples):
    head = fitted("linear", pooled_examples(6))
    with pytest.raises(FeatureKeyError, match="dim"):
        head.predict(pooled_examples(6, dim=4))
