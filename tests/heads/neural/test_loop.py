import json

import numpy as np
import pytest
import torch

import heartfeat
from heartfeat.errors import ConfigError, RunError
from heartfeat.heads.monitor import Monitor, StopTraining
from heartfeat.heads.neural.compute import Compute, computing
from heartfeat.heads.registry import head_class, make_head
from heartfeat.heads.settings import HEAD_SETTINGS

TINY = {"crop_seconds": 1.0, "width": 32, "state": 4, "batch_patients": 4, "mixup": 0.3, "dropout": 0.1}
TINY |= {"inner_folds": 0, "patient_weight": 1.0}
SETTINGS = {"mlp": {"epochs": 6, "dropout": 0.2}, "mambaformer": {"epochs": 4, **TINY}}
each_head = pytest.mark.parametrize("kind", SETTINGS)


@pytest.fixture
def examples(token_examples, pooled_examples):
    """``examples(kind, patients, seed)``: what a head of that kind is trained on."""

    def make(kind, patients=12, seed=0):
        made = token_examples if kind == "mambaformer" else pooled_examples
        return made(patients, views=("clean", "gain-6"), seed=seed)

    return make


def new(kind, **changes):
    return make_head(HEAD_SETTINGS[kind](**{**SETTINGS[kind], **changes}))


def everything_of(head, examples):
    """All bits that a fitted head consists of and says."""
    state, said = head.state(), head.predict(examples)
    arrays = {**state.arrays, "patients": said.patients, "recordings": said.recordings}
    return json.dumps(dict(state.settings)), {name: array.tobytes() for name, array in arrays.items()}


def stop_after(epoch, error):
    def callback(ended):
        if ended.epoch == epoch:
            raise error

    return callback


@each_head
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError("power cut")])
def test_a_fit_that_was_stopped_ends_with_the_very_bits_of_one_that_was_not(kind, error, examples, tmp_path):
    train, valid = examples(kind), examples(kind, 9, seed=3)
    whole, stopped, resumed = (new(kind, patience=3) for _ in range(3))
    history = whole.fit(train, valid, Monitor())

    checkpoint = tmp_path / "fold0.safetensors"
    with pytest.raises(type(error) if isinstance(error, Exception) else error):
        stopped.fit(train, valid, Monitor(callbacks=[stop_after(3, error)], checkpoint=checkpoint))
    torch.rand(5)
    seen = []
    again = resumed.fit(train, valid, Monitor(callbacks=[seen.append], checkpoint=checkpoint))

    assert seen[0].epoch == 3, "the epoch in which it was stopped was not kept, and is made again"
    assert again == history
    assert everything_of(resumed, valid) == everything_of(whole, valid)


def test_a_checkpoint_of_something_else_is_refused(examples, tmp_path):
    train, valid = examples("mlp"), examples("mlp", 6, seed=3)
    kept = Monitor(callbacks=[stop_after(2, KeyboardInterrupt)], checkpoint=tmp_path / "kept.safetensors")
    with pytest.raises(KeyboardInterrupt):
        new("mlp").fit(train, valid, kept)
    with pytest.raises(RunError, match=r"settings\.gamma was None and is 1.0"):
        new("mlp", gamma=1.0).fit(train, valid, kept)
    with pytest.raises(RunError, match="train was digest "):
        new("mlp").fit(examples("mlp", seed=1), valid, kept)
    with (
        pytest.raises(RunError, match="precision was fp32 and is bf16"),
        computing(Compute(precision="bf16")),
    ):
        new("mlp").fit(train, valid, kept)
    kept.checkpoint.write_bytes(b"half a file")
    with pytest.raises(RunError, match="cannot be read"):
        new("mlp").fit(train, valid, kept)


def test_callbacks_are_told_of_every_epoch(examples):
    train, told, reported = examples("mlp"), [], []
    score = lambda labels, chances: {"uar": 0.5, "auroc": float("nan")}  # noqa: E731
    monitor = Monitor(lambda *report: reported.append(report), [told.append], score, fold=2)
    history = new("mlp").fit(train, train, monitor)
    assert reported == [("epoch", epoch, 6) for epoch in range(1, 7)]
    assert [epoch.epoch for epoch in told] == [1, 2, 3, 4, 5, 6]
    last = told[-1]
    assert (last.head, last.fold, last.epochs) == ("mlp", 2, 6)
    assert dict(last.values) == {name: value for name, value in history[-1].items() if name != "epoch"}
    assert last.values.keys() == {"loss", "valid_loss", "valid_uar"}
    assert 0 < last.learning_rate < max(epoch.learning_rate for epoch in told)
    assert 0 < told[0].seconds < last.seconds


@each_head
def test_a_callback_can_end_training_early(kind, examples):
    train = examples(kind)
    head = new(kind)
    history = head.fit(train, train, heartfeat.Monitor(callbacks=[stop_after(2, StopTraining())]))
    assert len(history) == 2
    assert np.isfinite(head.predict(train).patients).all()


@each_head
def test_training_stops_on_the_chosen_score_and_takes_the_best_epoch(kind, examples):
    train, scores = examples(kind), iter([0.4, 0.9, 0.5, 0.6, 0.7, 0.8])
    kept = []
    head = new(kind, patience=2, stop_on="uar")

    def score(labels, chances):
        kept.append(chances)
        return {"uar": next(scores)}

    history = head.fit(train, train, Monitor(score=score))
    assert [entry["valid_uar"] for entry in history] == [0.4, 0.9, 0.5, 0.6]
    np.testing.assert_array_equal(head.predict(train).patients[0], kept[1])


def test_stopping_on_a_score_needs_somebody_who_scores(examples):
    train = examples("mlp")
    with pytest.raises(ConfigError, match=r"stop_on: uar needs scores .*heartfeat.Monitor"):
        new("mlp", stop_on="uar").fit(train, train, lambda what, done, total: None)


def test_without_patience_every_epoch_is_trained_and_the_last_is_taken(examples):
    train, valid = examples("mlp"), examples("mlp", 6, seed=3)
    valid.labels[:] = np.roll(valid.labels, 1)
    head = new("mlp", patience=None, epochs=20)
    history = head.fit(train, valid, Monitor())
    of_label = head.predict(valid).patients[0][np.arange(len(valid.labels)), valid.labels]
    assert len(history) == 20
    assert -np.log(of_label).mean() == pytest.approx(history[-1]["valid_loss"])


@each_head
@pytest.mark.parametrize(
    "changes", [{"loss": "focal"}, {"loss": "asymmetric"}, {"label_smoothing": 0.2}, {"clip": 1e-3}]
)
def test_losses_and_clipping_change_what_is_learned(kind, changes, examples):
    train = examples(kind)
    plain, changed = new(kind, epochs=2), new(kind, epochs=2, **changes)
    for head in (plain, changed):
        head.fit(train, train, Monitor())
    assert not np.array_equal(plain.predict(train).patients, changed.predict(train).patients)


@each_head
def test_bf16_learns_and_says_nearly_what_fp32_does(kind, examples):
    train = examples(kind)
    exact, rounded = new(kind), new(kind)
    exact.fit(train, train, Monitor())
    with computing(Compute(precision="bf16")):
        rounded.fit(train, train, Monitor())
        said = rounded.predict(train)
    assert all(array.dtype != np.float16 for array in rounded.state().arrays.values())
    difference = np.abs(said.patients - exact.predict(train).patients)
    assert 0 < difference.max() < 0.1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
@each_head
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_gpu_learns_nearly_what_the_cpu_does(kind, precision, examples, tmp_path):
    train = examples(kind)
    here, there = new(kind, dropout=0.0), new(kind, dropout=0.0)
    here.fit(train, train, Monitor())
    with computing(Compute("cuda:0", precision)):
        there.fit(train, train, Monitor(checkpoint=tmp_path / "kept.safetensors"))
        said = there.predict(train).patients
    assert np.abs(said - here.predict(train).patients).max() < 0.1
    again = head_class(kind).from_state(there.state()).predict(train).patients
    assert np.abs(said - again).max() < 0.02
