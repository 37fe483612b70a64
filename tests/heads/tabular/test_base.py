import dataclasses

import numpy as np
import pytest

from heartfeat.errors import ConfigError, FeatureKeyError, RunError
from heartfeat.heads.registry import make_head
from heartfeat.heads.settings import LgbmSettings, LogisticSettings

SETTINGS = [LogisticSettings(), LgbmSettings(trees=20, leaf_recordings=2, column_share=0.3)]
each_head = pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings.kind)
VIEWS = ("clean", "gain-6")


def _quiet(what, done, total):
    pass


def _fitted(settings, examples):
    ids = examples.patients["patient"].to_list()
    head = make_head(settings)
    head.fit(examples.take(ids[:50]), examples.take(ids[50:60]), _quiet)
    return head, examples.take(ids[60:])


@each_head
def test_it_learns_what_tells_the_classes_apart(settings, pooled_examples):
    head, test = _fitted(settings, pooled_examples(patients=90, views=VIEWS))
    prediction = head.predict(test.without_labels())
    assert prediction.patients.shape == (2, 30, 3)
    assert prediction.recordings is not None
    assert prediction.recordings.shape == (2, len(test.recordings), 3)
    assert prediction.patients.sum(axis=2) == pytest.approx(1)
    assert prediction.recordings.sum(axis=2) == pytest.approx(1)
    assert (prediction.patients.argmax(axis=2) == test.labels).mean() > 0.85


@each_head
def test_a_head_made_from_its_state_predicts_the_same(settings, pooled_examples):
    head, test = _fitted(settings, pooled_examples(patients=70))
    again = type(head).from_state(head.state())
    assert (again.predict(test).patients == head.predict(test).patients).all()
    assert again.settings == settings


@each_head
def test_the_same_seed_gives_the_same_head(settings, pooled_examples):
    examples = pooled_examples(patients=70, views=VIEWS)
    one, other = _fitted(settings, examples), _fitted(settings, examples)
    assert (one[0].predict(one[1]).patients == other[0].predict(other[1]).patients).all()


@each_head
def test_labels_of_the_predicted_are_not_looked_at(settings, pooled_examples):
    head, test = _fitted(settings, pooled_examples(patients=70))
    assert (head.predict(test).patients == head.predict(test.without_labels()).patients).all()


@each_head
def test_patients_are_predicted_alone_as_among_others(settings, pooled_examples):
    head, test = _fitted(settings, pooled_examples(patients=70))
    alone = head.predict(test.take(["p65"])).patients[0, 0]
    assert head.predict(test).patients[0, 5] == pytest.approx(alone, abs=1e-6)


@each_head
def test_a_task_without_labels_per_recording_is_fitted_on_those_of_patients(settings, pooled_examples):
    examples = pooled_examples(patients=80)
    unknown = np.full_like(examples.recording_labels, -1)
    head, test = _fitted(settings, dataclasses.replace(examples, recording_labels=unknown))
    assert (head.predict(test).patients[0].argmax(axis=1) == test.labels).mean() > 0.6


@each_head
def test_a_class_that_is_never_seen_is_hardly_predicted(settings, pooled_examples):
    examples = pooled_examples(patients=70)
    labels = np.where(examples.labels == 1, 2, examples.labels)
    of_recordings = np.where(examples.recording_labels == 1, 2, examples.recording_labels)
    seen = dataclasses.replace(examples, labels=labels, recording_labels=of_recordings)
    head, test = _fitted(settings, seen)
    assert head.predict(test).patients[..., 1].max() < 0.01


def test_probabilities_estimate_the_posterior(pooled_examples):
    head, _ = _fitted(LogisticSettings(), pooled_examples(patients=70))
    probabilities = head.predict(pooled_examples(patients=300, seed=5)).patients[0]
    shares = np.bincount(np.arange(300) % 3) / 300
    assert probabilities.mean(axis=0) == pytest.approx(shares, abs=0.08)


def test_progress_counts_every_fit(pooled_examples):
    examples, told = pooled_examples(patients=20), []
    make_head(LogisticSettings(inner_folds=3)).fit(
        examples, examples.take([]), lambda what, done, total: told.append((done, total))
    )
    assert told == [(done, 8) for done in range(1, 9)]


def test_a_head_that_was_not_fitted_says_so(pooled_examples):
    head = make_head(LogisticSettings())
    for use in (head.state, lambda: head.predict(pooled_examples())):
        with pytest.raises(RunError, match="logistic head has not been fitted"):
            use()


def test_too_few_labelled_persons_are_refused(pooled_examples):
    examples = pooled_examples(patients=6)
    with pytest.raises(ConfigError, match="at least two persons that have a label, got 0"):
        make_head(LogisticSettings()).fit(examples.without_labels(), examples.take([]), _quiet)


def test_features_of_another_make_are_refused(pooled_examples):
    head, test = _fitted(LogisticSettings(), pooled_examples(patients=70))
    arrays = test.features["logmel"]
    other = dataclasses.replace(arrays, attrs={**arrays.attrs, "core_key": "another"})
    with pytest.raises(FeatureKeyError, match="core_key another"):
        head.predict(dataclasses.replace(test, features={"logmel": other}))
