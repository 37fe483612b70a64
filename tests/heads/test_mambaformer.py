import dataclasses
import json

import numpy as np
import pytest
import torch

from heartfeat.errors import ConfigError, FeatureKeyError, RunError
from heartfeat.heads.examples import UNLABELLED
from heartfeat.heads.head import HeadState
from heartfeat.heads.mambaformer import MambaFormer
from heartfeat.heads.settings import MambaFormerSettings

from .orders import shuffled

QUICK = MambaFormerSettings(
    epochs=2,
    batch_patients=4,
    crop_seconds=1.0,
    width=32,
    state=4,
    dropout=0.1,
    mixup=0.0,
    inner_folds=0,
    patient_weight=1.0,
)


def silent(what: str, done: int, total: int) -> None:
    """Progress that nobody sees."""


def fitted(examples, settings=QUICK):
    head = MambaFormer(settings)
    head.fit(examples, examples, silent)
    return head


def test_predictions_are_probabilities_of_every_view(token_examples):
    examples = token_examples(8, views=("clean", "gain-6"))
    prediction = fitted(examples).predict(examples.without_labels())
    assert prediction.patients.shape == (2, 8, 3)
    assert prediction.recordings.shape == (2, len(examples.patient_of), 3)
    assert prediction.patients.dtype == np.float64
    for probabilities in (prediction.patients, prediction.recordings):
        assert (probabilities >= 0).all()
        np.testing.assert_allclose(probabilities.sum(-1), 1.0)


def test_it_learns_what_it_is_shown(token_examples):
    settings = QUICK.model_copy(update={"epochs": 12})
    head = fitted(token_examples(36, seed=1), settings)
    unseen = token_examples(30, seed=2)
    prediction = head.predict(unseen.without_labels())
    assert (prediction.patients[0].argmax(1) == unseen.labels).mean() > 0.75
    assert (prediction.recordings[0].argmax(1) == unseen.recording_labels).mean() > 0.75


def test_a_patient_does_not_depend_on_its_batch_mates(token_examples):
    examples = token_examples(8)
    head = fitted(examples)
    together = head.predict(examples)
    for number, patient in enumerate(examples.patients["patient"]):
        alone = head.predict(examples.take([patient]))
        np.testing.assert_allclose(alone.patients[:, 0], together.patients[:, number], atol=1e-5)
        rows = examples.patient_of == number
        np.testing.assert_allclose(alone.recordings, together.recordings[:, rows], atol=1e-5)


def test_the_order_of_recordings_does_not_matter(token_examples):
    examples = token_examples(8)
    head = fitted(examples)
    moved, order = shuffled(examples)
    assert moved.recordings["recording"].to_list() != examples.recordings["recording"].to_list()
    before, after = head.predict(examples), head.predict(moved)
    np.testing.assert_allclose(after.patients, before.patients, atol=1e-5)
    np.testing.assert_allclose(after.recordings, before.recordings[:, order], atol=1e-5)


def test_labels_are_not_looked_at_in_prediction(token_examples):
    examples = token_examples(8)
    head = fitted(examples)
    hidden = head.predict(examples.without_labels())
    np.testing.assert_array_equal(head.predict(examples).patients, hidden.patients)


def test_the_same_seed_gives_the_same_bits_whatever_was_drawn_before(token_examples):
    examples = token_examples(8, views=("clean", "gain-6"))
    first = fitted(examples).predict(examples)
    torch.rand(7)
    second = fitted(examples).predict(examples)
    other = fitted(examples, QUICK.model_copy(update={"seed": 1})).predict(examples)
    np.testing.assert_array_equal(second.patients, first.patients)
    np.testing.assert_array_equal(second.recordings, first.recordings)
    assert not np.allclose(other.patients, first.patients)


def test_fitting_leaves_the_callers_random_numbers_and_threads_alone(token_examples):
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    threads = torch.get_num_threads()
    fitted(token_examples(4))
    assert torch.equal(torch.rand(4), expected)
    assert torch.get_num_threads() == threads


def test_a_saved_head_predicts_the_same_bits(token_examples):
    examples = token_examples(8, {"logmel": (32, 50.0), "speech": (6, 10.0)})
    head = fitted(examples)
    state = head.state()
    copied = HeadState(
        json.loads(json.dumps(dict(state.settings))), {k: v.copy() for k, v in state.arrays.items()}
    )
    again = MambaFormer.from_state(copied)
    for mine, theirs in ((head, again), (again, MambaFormer.from_state(again.state()))):
        expected, seen = mine.predict(examples), theirs.predict(examples)
        np.testing.assert_array_equal(seen.patients, expected.patients)
        np.testing.assert_array_equal(seen.recordings, expected.recordings)


def test_every_feature_set_is_used(token_examples):
    sets = {"logmel": (32, 50.0), "speech": (6, 10.0)}
    examples = token_examples(8, sets)
    head = fitted(examples)
    before = head.predict(examples).recordings
    for name in sets:
        changed = token_examples(8, sets)
        changed.features[name].tokens[:] += 1.0
        assert not np.allclose(head.predict(changed).recordings, before, atol=1e-4)


def test_metadata_is_used_unless_turned_off(token_examples):
    examples = token_examples(8)
    bare = dataclasses.replace(examples, patients=examples.patients.drop("age", "sex", "height"))
    with_metadata = fitted(examples)
    without = fitted(examples, QUICK.model_copy(update={"metadata": False}))
    assert not np.allclose(with_metadata.predict(bare).patients, with_metadata.predict(examples).patients)
    np.testing.assert_array_equal(without.predict(bare).patients, without.predict(examples).patients)


def test_a_site_never_seen_in_training_is_judged(token_examples):
    examples = token_examples(6)
    head = fitted(examples)
    renamed = examples.recordings.with_columns(site="site" + examples.recordings["site"])
    elsewhere = dataclasses.replace(examples, recordings=renamed)
    assert np.isfinite(head.predict(elsewhere).patients).all()


def test_without_recording_labels_it_still_learns_patients(token_examples):
    train, unseen = token_examples(36, seed=1), token_examples(30, seed=2)
    train.recording_labels[:] = UNLABELLED
    settings = QUICK.model_copy(update={"epochs": 12})
    prediction = fitted(train, settings).predict(unseen.without_labels())
    assert (prediction.patients[0].argmax(1) == unseen.labels).mean() > 0.6


def test_history_and_progress_tell_of_every_epoch(token_examples):
    told = []
    examples = token_examples(8)
    head = MambaFormer(QUICK)
    history = head.fit(examples, examples, lambda *report: told.append(report))
    assert told == [("epoch", 1, 2), ("epoch", 2, 2)]
    assert [entry["epoch"] for entry in history] == [1, 2]
    assert all(np.isfinite(entry["loss"]) for entry in history)
    assert np.isfinite(history[-1]["valid_loss"])


def test_validation_patients_are_not_trained_on(token_examples):
    train, probe = token_examples(8), token_examples(4, seed=9)
    heads = []
    for seed in (1, 2):
        head = MambaFormer(QUICK)
        head.fit(train, token_examples(5, seed=seed), silent)
        heads.append(head.predict(probe).patients)
    np.testing.assert_array_equal(heads[0], heads[1])


def test_features_of_another_backbone_are_refused(token_examples):
    head = fitted(token_examples(4))
    with pytest.raises(FeatureKeyError, match="logmel"):
        head.predict(token_examples(4, {"logmel": (16, 50.0)}))


def test_an_unfitted_head_says_so(token_examples):
    head = MambaFormer(QUICK)
    with pytest.raises(RunError, match="fit"):
        head.predict(token_examples(3))
    with pytest.raises(RunError, match="fit"):
        head.state()


def test_patients_without_any_label_are_refused(token_examples):
    examples = token_examples(4).without_labels()
    with pytest.raises(ConfigError, match="label"):
        MambaFormer(QUICK).fit(examples, examples, silent)
