import numpy as np
import pytest

from heartfeat.heads.held_out import predict_held_out
from heartfeat.heads.registry import HEADS, make_head
from heartfeat.heads.settings import HEAD_SETTINGS, LgbmSettings, LogisticSettings

CLASSICAL = [LogisticSettings(), LgbmSettings(trees=20, leaf_recordings=2, column_share=0.3)]


def _quiet(what, done, total):
    pass


def _sides(examples):
    ids = examples.patients["patient"].to_list()
    return examples.take(ids[:45]), examples.take(ids[45:])


@pytest.mark.parametrize("settings", CLASSICAL, ids=lambda settings: settings.kind)
def test_heads_that_train_on_validation_patients_speak_of_them_as_of_strangers(settings, pooled_examples):
    train, valid = _sides(pooled_examples(patients=75, views=("clean", "gain-6")))
    head = make_head(settings)
    head.fit(train, valid, _quiet)
    said, by_heart = predict_held_out(head, valid), head.predict(valid)
    assert said.patients.shape == by_heart.patients.shape
    assert said.recordings.shape == by_heart.recordings.shape
    assert said.patients.sum(axis=2) == pytest.approx(1)
    chances = [each.patients[0, np.arange(30), valid.labels] for each in (by_heart, said)]
    losses = [-np.log(np.maximum(chance, 1e-12)).mean() for chance in chances]
    assert losses[0] < losses[1]


def test_other_heads_predict_their_validation_patients(pooled_examples):
    train, valid = _sides(pooled_examples(patients=60))
    head = make_head(HEAD_SETTINGS["linear"](epochs=1))
    head.fit(train, valid, _quiet)
    assert (predict_held_out(head, valid).patients == head.predict(valid).patients).all()


@pytest.mark.parametrize("settings", CLASSICAL, ids=lambda settings: settings.kind)
def test_a_second_fit_without_validation_patients_forgets_those_of_the_first(settings, pooled_examples):
    train, valid = _sides(pooled_examples(patients=60))
    head = make_head(settings)
    head.fit(train, valid, _quiet)
    assert head.held_out is not None
    head.fit(train, valid.take([]), _quiet)
    assert head.held_out is None


SMALL = {"epochs": 1, "crop_seconds": 1.0, "width": 32, "inner_folds": 2}


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize("sets", [None, {"pcg": (128, 25.0)}], ids=["beats", "beats and tokens"])
def test_of_unlabelled_validation_patients_nothing_is_said(kind, sets, beats_examples):
    train, valid = _sides(beats_examples(50, sets, views=("clean", "gain-6")))
    model = HEAD_SETTINGS[kind]
    head = make_head(model(**{name: value for name, value in SMALL.items() if name in model.model_fields}))
    nobody = valid.without_labels().labelled()
    head.fit(train, nobody, _quiet)
    assert predict_held_out(head, nobody).patients.shape == (2, 0, 3)
