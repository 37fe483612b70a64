import dataclasses
import json
from hashlib import sha256

import numpy as np
import polars as pl
import pytest
import torch

from heartfeat.errors import ConfigError, RunError
from heartfeat.heads.examples import UNLABELLED, ExtraLabels
from heartfeat.heads.held_out import predict_held_out
from heartfeat.heads.mamba import panel_training
from heartfeat.heads.mambaformer import MambaFormer
from heartfeat.heads.monitor import Monitor, StopTraining
from heartfeat.heads.neural.compute import Compute, computing
from heartfeat.heads.person_folds import person_folds
from heartfeat.heads.settings import MambaFormerSettings
from heartfeat.heads.side_by_side import side_by_side

from .orders import shuffled

QUICK = MambaFormerSettings(
    epochs=1,
    batch_patients=4,
    crop_seconds=1.0,
    width=32,
    state=4,
    mixing="none",
    mixup=0.0,
    dropout=0.1,
    patience=None,
    recording_weight=1.0,
    patient_weight=1.0,
    inner_folds=2,
)
SINGLY = {"patient_weight": 0.0}
AS_SHIPPED = {
    name: getattr(MambaFormerSettings(), name)
    for name in ("mixing", "statistics", "teacher", "mixup", "dropout", "patient_weight", "spec_augment")
}
"""What the shipped config does, on beats and tokens; sizes and epochs stay small."""
RECIPES = pytest.mark.parametrize(
    "changes", [{}, SINGLY, AS_SHIPPED], ids=["all", "recordings alone", "as shipped"]
)


@pytest.fixture
def sides(beats_examples):
    """``sides(patients)``: two thirds to train on, a third to validate with; heart beats in two views, and tokens."""

    def make(patients=12, seed=0, tokens=False):
        sets = {"pcg": (128, 25.0)} if tokens else None
        examples = beats_examples(patients, sets, views=("clean", "gain-6"), seed=seed)
        ids = examples.patients["patient"].to_list()
        return examples.take(ids[: 2 * patients // 3]), examples.take(ids[2 * patients // 3 :])

    return make


def fitted(train, valid, monitor=None, **changes):
    head = MambaFormer(QUICK.model_copy(update=changes))
    head.history = head.fit(train, valid, monitor or Monitor())
    return head


def everything_of(head, examples):
    """All bits that a fitted head consists of and says."""
    state, said = head.state(), head.predict(examples)
    arrays = {**state.arrays, "patients": said.patients, "recordings": said.recordings}
    arrays |= {"held out": head.held_out.patients, "heard": head.held_out.recordings}
    digests = {name: sha256(array.tobytes()).hexdigest() for name, array in arrays.items()}
    return digests | {"settings": json.dumps(dict(state.settings))}


def test_it_learns_what_it_is_shown(sides):
    train, valid = sides(45, seed=1)
    test, _ = sides(45, seed=2)
    head = fitted(train, valid, epochs=6, **SINGLY)
    said = head.predict(test.without_labels())
    assert said.patients.sum(axis=2) == pytest.approx(1)
    assert said.recordings.sum(axis=2) == pytest.approx(1)
    assert (said.patients[0].argmax(1) == test.labels).mean() > 0.7


def test_the_same_seed_gives_the_same_bits_whatever_was_drawn_before(sides):
    train, valid = sides()
    first = fitted(train, valid)
    torch.rand(7)
    assert everything_of(fitted(train, valid), valid) == everything_of(first, valid)
    other = fitted(train, valid, seed=1)
    assert not np.allclose(other.predict(valid).recordings, first.predict(valid).recordings)


def test_networks_that_train_side_by_side_are_the_very_same(sides, monkeypatch):
    train, valid = sides(30, tokens=True)
    one_by_one = fitted(train, valid, **AS_SHIPPED)
    assert train.features["pcg"].tokens.nbytes > 1_000_000, "too small to be shared between processes"
    asked = []

    def watched(works, jobs, *rest):
        asked.append((len(works), jobs))
        return side_by_side(works, jobs, *rest)

    monkeypatch.setattr(panel_training, "side_by_side", watched)
    with computing(Compute(networks=2)):
        together = fitted(train, valid, **AS_SHIPPED)
    assert asked == [(2, 2)]
    assert everything_of(together, valid) == everything_of(one_by_one, valid)
    assert together.history == one_by_one.history


@RECIPES
def test_order_padding_and_batch_mates_change_nothing(sides, changes):
    train, valid = sides(tokens=changes is AS_SHIPPED)
    head = fitted(train, valid, **changes)
    together = head.predict(valid)
    moved, order = shuffled(valid)
    again = head.predict(moved)
    np.testing.assert_allclose(again.patients, together.patients, atol=1e-5)
    np.testing.assert_allclose(again.recordings, together.recordings[:, order], atol=1e-5)
    for number, patient in enumerate(valid.patients["patient"]):
        alone = head.predict(valid.take([patient]))
        np.testing.assert_allclose(alone.patients[:, 0], together.patients[:, number], atol=1e-5)


def test_each_validation_patient_is_judged_by_networks_that_never_saw_the_person(sides):
    train, valid = sides(24)
    # The first validation patient is a person of the training patients, seen another time.
    person = ["p0", *valid.patients["person"][1:]]
    valid = dataclasses.replace(valid, patients=valid.patients.with_columns(person=pl.Series(person)))
    persons = [*train.patients["person"], *person]
    fold = person_folds(persons, np.concatenate([train.labels, valid.labels]), 2, QUICK.seed)
    before = fitted(train, valid).held_out
    assert before.patients.shape == (2, len(valid.patients), 3)
    assert before.recordings.shape == (2, len(valid.patient_of), 3)
    assert before.patients.sum(axis=2) == pytest.approx(1)
    for number in range(2):
        # Labels of recordings bear on the networks, and not on who is in which fold.
        mine = [(fold == number)[: len(train.labels)], (fold == number)[len(train.labels) :]]
        others = [_other_labels(side, keep) for side, keep in zip((train, valid), mine, strict=True)]
        after = fitted(*others).held_out
        heard = mine[1][valid.patient_of]
        np.testing.assert_array_equal(after.recordings[:, heard], before.recordings[:, heard])
        changed = (after.recordings != before.recordings).any(axis=(0, 2))
        np.testing.assert_array_equal(changed, ~heard)
    assert set(fold[len(train.labels) :]) == {0, 1}


def _other_labels(examples, patients):
    """The same where recordings of these patients are told to be of other classes."""
    labels = np.where(
        patients[examples.patient_of], (examples.recording_labels + 1) % 3, examples.recording_labels
    )
    return dataclasses.replace(examples, recording_labels=labels)


def test_what_is_said_of_validation_patients_rests_on_weights_learned_without_them(sides):
    train, valid = sides()
    first, second = (fitted(train, each, view_augment=False) for each in (valid, _of_another_view(valid)))
    clean = first.held_out.patients[0], second.held_out.patients[0]
    np.testing.assert_array_equal(clean[0], clean[1])
    assert (first.predict(valid).patients[0] != second.predict(valid).patients[0]).any()


def _of_another_view(valid):
    """The same clean view and another second one, which no network is trained on and combiners are."""
    arrays = valid.features["beats"]
    pooled = arrays.pooled.copy()
    pooled[1] = pooled[1, ::-1] * 3
    return dataclasses.replace(valid, features={"beats": dataclasses.replace(arrays, pooled=pooled)})


def test_validation_patients_are_trained_on(sides):
    train, valid = sides()
    head, without = fitted(train, valid), fitted(train, valid)
    without.fit(train, valid.take([]), Monitor())
    assert without.held_out is None
    assert not np.allclose(head.predict(train).recordings, without.predict(train).recordings)
    assert (predict_held_out(head, valid).patients == head.held_out.patients).all()


def test_unlabelled_patients_bear_on_nothing_and_are_not_among_the_held_out(sides):
    train, valid = sides()
    labels = np.where(np.arange(len(valid.labels)) == 1, UNLABELLED, valid.labels)
    some = dataclasses.replace(valid, labels=labels)
    head, known = fitted(train, some), fitted(train, some.labelled())
    assert everything_of(head, valid) == everything_of(known, valid)
    assert head.held_out.patients.shape[1] == len(valid.labels) - 1
    outcome = ExtraLabels(("Abnormal", "Normal"), train.labels // 2, train.recording_labels // 2)
    known_of = dataclasses.replace(train, extra_labels={"outcome": outcome})
    assert fitted(known_of, valid.without_labels(), tasks=("outcome",)).held_out is None


def test_history_and_progress_tell_of_every_network(sides):
    told = []
    head = fitted(*sides(), Monitor(lambda *report: told.append(report)), epochs=2)
    assert [(entry["inner_fold"], entry["epoch"]) for entry in head.history] == [
        (float(fold), float(epoch)) for fold in range(2) for epoch in (1, 2)
    ]
    assert told == [(f"inner fold {fold} of 2: epoch", epoch, 2) for fold in (1, 2) for epoch in (1, 2)]


@RECIPES
def test_a_fit_that_was_stopped_in_the_second_network_ends_with_the_very_bits(sides, tmp_path, changes):
    train, valid = sides(tokens=changes is AS_SHIPPED)
    changes = {**changes, "epochs": 3, "dropout": 0.2, "mixup": 0.3, "patience": 2}
    whole = fitted(train, valid, **changes)
    ended = []

    def stop(epoch):
        ended.append(epoch.epoch)
        if ended.count(2) == 2:
            raise KeyboardInterrupt

    checkpoint = tmp_path / "fold4.safetensors"
    with pytest.raises(KeyboardInterrupt):
        fitted(train, valid, Monitor(callbacks=[stop], checkpoint=checkpoint), **changes)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fold4-0.safetensors", "fold4-1.safetensors"]
    torch.rand(5)
    again = fitted(train, valid, Monitor(checkpoint=checkpoint), **changes)
    assert again.history == whole.history
    assert everything_of(again, valid) == everything_of(whole, valid)


def test_a_checkpoint_of_another_fit_is_refused(sides, tmp_path):
    train, valid = sides()
    kept = Monitor(checkpoint=tmp_path / "fold0.safetensors")
    fitted(train, valid, kept, epochs=2)
    with pytest.raises(RunError, match=r"settings\.dropout"):
        fitted(train, valid, kept, epochs=2, dropout=0.4)


def test_a_callback_can_end_the_training_of_each_network_early(sides):
    def stop(epoch):
        if epoch.epoch == 2:
            raise StopTraining

    train, valid = sides()
    head = fitted(train, valid, Monitor(callbacks=[stop]), epochs=4)
    assert [entry["epoch"] for entry in head.history] == [1, 2] * 2
    assert np.isfinite(head.predict(valid).patients).all()


def test_a_single_person_cannot_be_divided(sides):
    train, valid = sides()
    with pytest.raises(ConfigError, match="at least two persons; set it to 0"):
        fitted(train.take(["p0"]), valid.take([]))


def test_fewer_persons_than_folds_make_fewer_networks(sides):
    train, valid = sides()
    head = fitted(train.take(["p0", "p1", "p2"]), valid.take([]), inner_folds=9)
    assert len(head.history) == 3
