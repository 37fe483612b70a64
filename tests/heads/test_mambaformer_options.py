import dataclasses
import json

import numpy as np
import pytest

from heartfeat.errors import ConfigError
from heartfeat.heads.examples import UNLABELLED, ExtraLabels
from heartfeat.heads.head import HeadState
from heartfeat.heads.mambaformer import MambaFormer
from heartfeat.heads.settings import MambaFormerSettings

from .orders import shuffled

SETS = {"logmel": (32, 50.0), "speech": (6, 10.0), "phases": (4, 50.0)}
CORES = {"speech": {"family": "transformers", "layers": [1, 2]}, "phases": {"family": "states"}}
OPTIONS = {
    "attention": {"mixing": "attention", "layers": 2},
    "plain pooling": {"mixing": "none"},
    "gated by energy": {"gate": "energy"},
    "gated by states": {"gate": "states"},
    "mean over sites": {"site_attention": False},
    "several tasks": {"tasks": ("outcome", "grade")},
    "contrastive": {"contrastive": 0.3},
    "no labels of recordings": {"recording_weight": 0.0},
    "inner folds": {"inner_folds": 2, "tasks": ("outcome",)},
    "recordings alone": {"inner_folds": 2, "patient_weight": 0.0, "mixup": 0.4},
    "patients alone, in inner folds": {"inner_folds": 2, "recording_weight": 0.0},
    "everything at once": {"gate": "states", "tasks": ("grade",), "contrastive": 0.1, "mixup": 0.4},
}


def settings(epochs=1, **changes):
    tiny = {"batch_patients": 4, "crop_seconds": 1.0, "width": 32, "state": 4}
    plain = {"dropout": 0.1, "mixup": 0.0, "inner_folds": 0, "patient_weight": 1.0}
    return MambaFormerSettings(epochs=epochs, **{**tiny, **plain, **changes})


def fitted(examples, **changes):
    head = MambaFormer(settings(**changes))
    head.fit(examples, examples, lambda what, done, total: None)
    return head


def with_everything(make, patients=8, seed=0):
    """Three kinds of feature sets, and labels of other tasks: the outcome of every patient, some grades."""
    examples = make(patients, SETS, seed=seed)
    for name, core in CORES.items():
        arrays = examples.features[name]
        examples.features[name] = dataclasses.replace(arrays, attrs={**arrays.attrs, "core": core})
    outcome, heard = (examples.labels != 0).astype(int), examples.recording_labels
    unknown = np.full(len(heard), UNLABELLED)
    grade = np.where(examples.labels == 1, UNLABELLED, 2 - examples.labels)
    return dataclasses.replace(
        examples,
        extra_labels={
            "outcome": ExtraLabels(("Abnormal", "Normal"), outcome, unknown),
            "grade": ExtraLabels(
                ("none", "I/VI", "II/VI"), grade, np.where(heard == 1, UNLABELLED, 2 - heard)
            ),
        },
    )


def figures(prediction):
    return [part for part in (prediction.patients, prediction.recordings) if part is not None] + [
        *prediction.extra.values()
    ]


@pytest.mark.parametrize("changes", OPTIONS.values(), ids=OPTIONS.keys())
def test_what_holds_for_the_head_holds_with_every_option(token_examples, changes):
    examples = with_everything(token_examples)
    head = fitted(examples, **changes)
    whole = head.predict(examples.without_labels())
    assert all(np.isfinite(part).all() for part in figures(whole))
    state = head.state()
    copied = HeadState(json.loads(json.dumps(dict(state.settings))), dict(state.arrays))
    for mine, theirs in zip(
        figures(whole), figures(MambaFormer.from_state(copied).predict(examples)), strict=True
    ):
        np.testing.assert_array_equal(theirs, mine)
    moved, _ = shuffled(examples)
    np.testing.assert_allclose(head.predict(moved).patients, whole.patients, atol=1e-5)
    for number in (2, 5):
        alone = head.predict(examples.take([f"p{number}"]))
        np.testing.assert_allclose(alone.patients[:, 0], whole.patients[:, number], atol=1e-5)
        for name, probabilities in alone.extra.items():
            np.testing.assert_allclose(probabilities[:, 0], whole.extra[name][:, number], atol=1e-5)


def test_other_tasks_are_learned_beside_and_told_by_patient(token_examples):
    train, unseen = with_everything(token_examples, 36, seed=1), with_everything(token_examples, 30, seed=2)
    prediction = fitted(train, epochs=12, tasks=("outcome", "grade"), task_weight=1.0).predict(unseen)
    assert set(prediction.extra) == {"outcome", "grade"}
    assert prediction.extra["grade"].shape == (1, 30, 3)
    for name, extra in unseen.extra_labels.items():
        np.testing.assert_allclose(prediction.extra[name].sum(-1), 1.0)
        known = extra.patients != UNLABELLED
        right = prediction.extra[name][0].argmax(1)[known] == extra.patients[known]
        assert right.mean() > 0.75


def test_other_labels_bear_on_nothing_unless_asked_for(token_examples):
    examples = with_everything(token_examples)
    bare = dataclasses.replace(examples, extra_labels={})
    without, beside = fitted(bare).predict(examples), fitted(examples).predict(examples)
    np.testing.assert_array_equal(beside.patients, without.patients)
    taught = fitted(examples, tasks=("outcome",)).predict(examples)
    assert not np.allclose(taught.patients, without.patients, atol=1e-6)


def test_a_task_without_labels_is_refused(token_examples):
    with pytest.raises(ConfigError, match=r"'timing'.*they have outcome, grade"):
        fitted(with_everything(token_examples), tasks=("timing",))


def test_without_labels_of_recordings_they_bear_on_nothing(token_examples):
    examples = with_everything(token_examples)
    other = dataclasses.replace(examples, recording_labels=(examples.recording_labels + 1) % 3)
    first, second = (fitted(given, recording_weight=0.0).predict(examples) for given in (examples, other))
    np.testing.assert_array_equal(second.patients, first.patients)
    assert first.recordings is None


def test_a_gate_without_its_feature_set_is_refused(token_examples):
    with pytest.raises(ConfigError, match="'energy'"):
        fitted(token_examples(4, {"speech": (6, 10.0)}), gate="energy")
