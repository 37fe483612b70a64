import json
import shutil

import numpy as np
import polars as pl
import pytest

import heartfeat
from heartfeat.errors import ConfigError, RunError

PROBABILITIES = ["p_Present", "p_Unknown", "p_Absent"]


@pytest.fixture
def runs(project):
    """The project's folder of runs, with a second one beside murmur-logistic."""
    heartfeat.fit(head="lgbm", name="trees", config=project)
    return project.parent / "runs"


def chances(folder, columns=PROBABILITIES):
    return pl.read_parquet(folder / "predictions.parquet").sort("patient").select(columns).to_numpy()


def test_an_ensemble_is_the_mean_of_its_members_calibrated_per_fold(project, runs):
    made = heartfeat.ensemble(["murmur-logistic", "trees"], name="both", config=project)
    parts = np.stack([chances(runs / name) for name in ("murmur-logistic", "trees")])
    assert np.allclose(
        chances(made.folder, [f"raw_{name[2:]}" for name in PROBABILITIES]), parts.mean(axis=0)
    )
    assert np.allclose(chances(made.folder, ["member_spread"])[:, 0], parts.std(axis=0).max(axis=1))
    assert np.allclose(chances(made.folder).sum(axis=1), 1)
    assert {path.name for path in made.folder.iterdir()} >= {
        "calibration.json",
        "history.json",
        "predictions.csv",
        "recording_predictions.parquet",
        "run.json",
        "scores.json",
        "valid_predictions.parquet",
    }
    assert (made.record.head, len(made.record.seen)) == ("ensemble", 2)


def test_members_may_use_different_calibrations_and_the_mean_gets_its_own(project, runs):
    made = heartfeat.ensemble(["murmur-logistic", "trees"], config=project, set=["calibration=none"])
    assert made.folder.name == "murmur-ensemble"
    assert np.allclose(
        chances(made.folder), chances(made.folder, [f"raw_{name[2:]}" for name in PROBABILITIES])
    )


def test_predict_says_what_the_ensemble_said(project, runs):
    made = heartfeat.ensemble(["murmur-logistic", "trees"], name="both", config=project)
    table = heartfeat.predict(run="both", config=project).sort("patient")
    assert np.allclose(table.select(PROBABILITIES).to_numpy(), chances(made.folder), atol=1e-12)
    assert np.allclose(table["member_spread"], chances(made.folder, ["member_spread"])[:, 0], atol=1e-12)
    assert np.allclose(table["view_spread"], chances(made.folder, ["view_spread"])[:, 0], atol=1e-12)
    assert (table["heads"] == 2).all()
    assert not table["seen"].any()


def test_predict_calibrates_as_the_ensemble_was(project, runs):
    made = heartfeat.ensemble(["murmur-logistic", "trees"], name="both", config=project)
    warm = {
        "mean_view": {"method": "temperature", "patients": 30, "temperature": 2.0},
        "clean_view": {"method": "none"},
    }
    (runs / "both" / "calibration.json").write_text(json.dumps({"folds": [warm, warm]}))
    table = heartfeat.predict(run="both", config=project).sort("patient")
    odds = np.sqrt(chances(made.folder, [f"raw_{name[2:]}" for name in PROBABILITIES]))
    wanted = odds / odds.sum(axis=1, keepdims=True)
    assert np.allclose(table.select(PROBABILITIES).to_numpy(), wanted, atol=1e-9)


def test_ensembles_of_ensembles_predict_too(project, runs):
    heartfeat.ensemble(["murmur-logistic", "trees"], name="both", config=project)
    made = heartfeat.ensemble(["both", "trees"], name="more", config=project)
    table = heartfeat.predict(run="more", config=project).sort("patient")
    assert np.allclose(table.select(PROBABILITIES).to_numpy(), chances(made.folder), atol=1e-12)
    assert (table["heads"] == 3).all()


def test_an_ensemble_is_evaluated_and_compared_like_any_run(project, runs):
    heartfeat.ensemble(["murmur-logistic", "trees"], name="both", config=project)
    before = (runs / "both" / "scores.json").read_bytes()
    assert heartfeat.evaluate(run="both", config=project).report.exists()
    assert (runs / "both" / "scores.json").read_bytes() == before
    assert "both" in heartfeat.compare(config=project)["run"].to_list()


def test_runs_that_do_not_go_together_are_refused_and_the_difference_named(project, runs):
    other = [f"split={{folds: 2, seed: 1, file: {project.parent / 'other.json'}}}"]
    heartfeat.fit(head="lgbm", name="elsewhere", config=project, set=other)
    with pytest.raises(RunError, match=r"elsewhere cannot be averaged: split \w+ and \w+ differ"):
        heartfeat.ensemble(["trees", "elsewhere"], config=project)
    outcome = ["task=outcome", f"split.file={project.parent / 'outcome.json'}"]
    heartfeat.fit(head="lgbm", name="outcome", config=project, set=outcome)
    with pytest.raises(RunError, match="task murmur and outcome"):
        heartfeat.ensemble(["trees", "outcome"], config=project)


def test_an_ensemble_never_takes_the_place_of_a_member(project, runs):
    with pytest.raises(RunError, match="one of the runs to average"):
        heartfeat.ensemble(["murmur-logistic", "trees"], name="trees", overwrite=True, config=project)
    with pytest.raises(ConfigError, match="two runs or more"):
        heartfeat.ensemble(["trees"], config=project)
    with pytest.raises(ConfigError, match="each once"):
        heartfeat.ensemble(["trees", "trees"], config=project)


def test_members_that_are_gone_or_new_are_noticed(project, runs):
    heartfeat.ensemble(["murmur-logistic", "trees"], name="both", config=project)
    record = json.loads((runs / "trees" / "run.json").read_text())
    (runs / "trees" / "run.json").write_text(json.dumps({**record, "seconds": [1.0, 1.0]}))
    with pytest.raises(RunError, match="trees was fitted again"):
        heartfeat.predict(run="both", config=project)
    shutil.rmtree(runs / "trees")
    with pytest.raises(RunError, match="needs its members"):
        heartfeat.predict(run="both", config=project)
