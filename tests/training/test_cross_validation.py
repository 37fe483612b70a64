import dataclasses
import json
import os
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from heartfeat.cohorts.folds import Fold, Splits
from heartfeat.errors import ConfigError, DeviceError, RunError
from heartfeat.heads.examples import Examples, FeatureArrays, consecutive_spans
from heartfeat.heads.monitor import StopTraining
from heartfeat.heads.registry import make_head
from heartfeat.heads.settings import HEAD_SETTINGS, MambaFormerSettings
from heartfeat.progress import silent
from heartfeat.tasks import MURMUR
from heartfeat.training.cross_validation import _apart, fit_folds
from heartfeat.training.fitting import Fitting
from heartfeat.training.kept_folds import KeptFolds
from heartfeat.training.validation_scores import ValidationScores

PATIENTS = tuple(f"p{number}" for number in range(24))


def examples(seed: int = 0) -> Examples:
    """Patients with two recordings each, whose pooled numbers tell the class."""
    generator = np.random.default_rng(seed)
    labels = np.arange(len(PATIENTS)) % 3
    patient_of = np.repeat(np.arange(len(PATIENTS)), 2)
    pooled = generator.normal(size=(2, len(patient_of), 6)) + 1.5 * labels[patient_of, None]
    attrs = {"name": "logmel", "core": {"family": "logmel"}, "core_key": "k", "dim": 3, "token_rate": 10.0}
    attrs |= {"statistics": ["mean", "std"], "views": ["clean", "gain-6"]}
    arrays = FeatureArrays(
        None, consecutive_spans(np.ones(len(patient_of))), pooled.astype(np.float32), attrs
    )
    recordings = pl.DataFrame(
        {
            "recording": [f"r{row}" for row in range(len(patient_of))],
            "patient": [PATIENTS[patient] for patient in patient_of],
            "site": ["AV", "MV"] * len(PATIENTS),
        }
    )
    return Examples(
        classes=MURMUR.classes,
        views=("clean", "gain-6"),
        patients=pl.DataFrame({"patient": PATIENTS, "person": PATIENTS}),
        recordings=recordings,
        patient_of=patient_of,
        features={"logmel": arrays},
        labels=labels,
        recording_labels=labels[patient_of],
    )


def of_beats() -> Examples:
    """The same patients, their numbers as images of heart beats."""
    whole = examples()
    generator, arrays = np.random.default_rng(0), whole.features["logmel"]
    images = generator.normal(size=(2, len(whole.patient_of), 2 * 8 * 16))
    images += 1.5 * whole.labels[whole.patient_of, None]
    core = {"family": "beats", "windows": "beats", "transform": {"phases": [2, 2, 2, 2], "bands": 16}}
    attrs = {**arrays.attrs, "name": "beats", "core": core, "dim": 8 * 16, "token_rate": None}
    arrays = FeatureArrays(None, arrays.spans, images.astype(np.float32), attrs)
    return dataclasses.replace(whole, features={"beats": arrays})


FOLDS = (
    Fold(PATIENTS[:14], PATIENTS[14:19], PATIENTS[19:]),
    Fold(PATIENTS[10:], PATIENTS[5:10], PATIENTS[:5]),
    Fold(PATIENTS[3:17], PATIENTS[:3], PATIENTS[17:19]),
)
SPLITS = Splits("given", None, "", FOLDS)


def fit(fitting=None, kind="mlp", progress=silent, made_of=None, **changes):
    settings = HEAD_SETTINGS[kind](**({"epochs": 4} if kind == "mlp" else {}), **changes)
    options = {} if fitting is None else {"fitting": fitting, "made_of": made_of or {"settings": changes}}
    return fit_folds(examples(), SPLITS, lambda number: make_head(settings), progress, **options)


def everything_of(folds):
    return [
        (
            fold.number,
            fold.history,
            fold.seen,
            fold.trained_on,
            {name: array.tobytes() for name, array in fold.state.arrays.items()},
            json.dumps([dict(fold.state.settings), dict(fold.state.texts)], sort_keys=True),
            fold.head.predict(fold.test).patients.tobytes(),
            [said.patients.tobytes() for said in (fold.valid_prediction, fold.prediction)],
            [said.recordings.tobytes() for said in (fold.valid_prediction, fold.prediction)],
            fold.valid.patients.to_dicts(),
            fold.test.labels.tolist(),
        )
        for fold in folds
    ]


def test_folds_in_processes_of_their_own_are_the_very_same():
    assert everything_of(fit(Fitting(jobs=2))) == everything_of(fit())


def networks(jobs, told, folds=3):
    """Folds of a head that trains three networks each; ``told`` is appended every epoch's fold and network."""
    head = MambaFormerSettings(
        epochs=1, batch_patients=4, width=32, mixing="none", inner_folds=3, teacher=0.0, statistics=False
    )
    splits = dataclasses.replace(SPLITS, folds=FOLDS[:folds])
    fitting = Fitting(jobs=jobs, callbacks=(lambda epoch: told.append(epoch.network),))
    return fit_folds(of_beats(), splits, lambda number: make_head(head), silent, fitting=fitting)


@pytest.mark.parametrize(
    ("folds", "jobs", "inner_folds", "apart"),
    [
        (5, 1, 5, 0),
        (5, 2, 5, 4),
        (5, 2, 2, 4),
        (5, 2, 0, 5),
        (5, 4, 5, 4),
        (5, 5, 5, 5),
        (2, 5, 5, 0),
        (1, 2, 5, 0),
    ],
)
def test_folds_that_fill_the_jobs_are_fitted_apart_and_others_by_themselves(folds, jobs, inner_folds, apart):
    settings = MambaFormerSettings(inner_folds=inner_folds, patient_weight=1.0)
    tasks = [SimpleNamespace(number=n, make_head=lambda _: make_head(settings)) for n in range(folds)]
    assert _apart(tasks, jobs) == apart


@pytest.mark.parametrize("folds", [3, 1])
def test_networks_of_a_fold_that_is_left_over_are_trained_side_by_side_and_are_the_very_same(folds):
    """Of three folds, two jobs fit two together, then the networks of the third two at a time."""
    alone, together = [], []
    assert everything_of(networks(2, together, folds)) == everything_of(networks(1, alone, folds))
    assert sorted(together) == sorted(alone)
    assert len(alone) == 3 * folds


def test_a_run_that_was_stopped_between_and_inside_folds_ends_the_same(tmp_path):
    def stop(epoch):
        if (epoch.fold, epoch.epoch) == (1, 3):
            raise KeyboardInterrupt

    fitting = Fitting(kept=KeptFolds(tmp_path), score=ValidationScores(MURMUR))
    whole = fit(dataclasses.replace(fitting, kept=None))
    with pytest.raises(KeyboardInterrupt):
        fit(dataclasses.replace(fitting, callbacks=(stop,)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fold0", "fold1.safetensors"]

    told = []
    again = fit(dataclasses.replace(fitting, callbacks=(told.append,)))
    assert everything_of(again) == everything_of(whole)
    assert [(epoch.fold, epoch.epoch) for epoch in told] == [(1, 3), (1, 4), *((2, e) for e in range(1, 5))]
    assert "valid_weighted_accuracy" in again[0].history[-1]
    assert everything_of(fit(dataclasses.replace(fitting, jobs=2))) == everything_of(whole)


def test_kept_folds_of_something_else_are_refused(tmp_path):
    fitting = Fitting(kept=KeptFolds(tmp_path))
    fit(fitting)
    with pytest.raises(RunError, match=r"settings.dropout was None and is 0.5"):
        fit(fitting, dropout=0.5)
    with pytest.raises(RunError, match="precision was fp32 and is bf16"):
        fit(dataclasses.replace(fitting, precision="bf16"))
    (tmp_path / "fold2" / "predictions.safetensors").write_bytes(b"half")
    with pytest.raises(RunError, match=r"fold2 cannot be read .* --overwrite in place of --resume"):
        fit(fitting)


def test_callbacks_and_progress_are_called_here_whatever_process_fits():
    told, reported, processes = [], [], []

    def stop(epoch):
        processes.append(os.getpid())
        told.append((epoch.fold, epoch.epoch))
        if epoch.epoch == 2:
            raise StopTraining

    def report(*what):
        processes.append(os.getpid())
        reported.append(what)

    folds = fit(Fitting(jobs=2, callbacks=(stop,)), progress=report)
    assert set(processes) == {os.getpid()}
    assert sorted(told) == [(fold, epoch) for fold in range(3) for epoch in (1, 2)]
    assert [len(fold.history) for fold in folds] == [2, 2, 2]
    assert ("fold 2: epoch", 2, 4) in reported


def test_what_a_callback_raises_ends_the_run_also_from_another_process():
    def fail(epoch):
        raise ZeroDivisionError("in my callback")

    for jobs in (1, 2):
        with pytest.raises(ZeroDivisionError, match="in my callback"):
            fit(Fitting(jobs=jobs, callbacks=(fail,)))


def test_heads_that_know_the_cpu_alone_are_not_sent_elsewhere():
    with pytest.raises(ConfigError, match="leave out --device cuda"):
        fit(Fitting(device="cuda"), "logistic")
    with pytest.raises(DeviceError, match="there is no device"):
        fit(Fitting(device="gpu"))
    with pytest.raises(ConfigError, match="--jobs 0"):
        Fitting(jobs=0)
    assert fit(Fitting(device="auto", precision="auto"), "logistic")


def test_a_head_is_fitted_in_the_precision_that_is_asked_for():
    exact, rounded = fit(), fit(Fitting(precision="bf16"))
    difference = np.abs(exact[0].prediction.patients - rounded[0].prediction.patients)
    assert 0 < difference.max() < 0.1
