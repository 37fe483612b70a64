import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time

import polars as pl
import pytest
import torch
import yaml
from typer.testing import CliRunner

import heartfeat
from heartfeat.cli import app
from heartfeat.commands.show_sweep import sweep as show_sweep
from heartfeat.commands.sweep_setup import chosen_devices
from heartfeat.errors import ConfigError, DeviceError, RunError, SplitError
from heartfeat.evaluation.decisions import decide
from heartfeat.evaluation.predictions import prediction_arrays
from heartfeat.evaluation.scores import score
from heartfeat.tasks import MURMUR, OUTCOME
from heartfeat.training.runs import load_record

from .test_evaluate import two_sided

GRID = ["penalty=0.01,0.1,1", "metadata=true,false"]


def test_a_grid_is_tried_once_each_and_the_best_is_a_config_for_fit(project, capsys):
    found = heartfeat.sweep("logistic", grid=GRID, config=project)
    assert found.folder == project.parent / "sweeps" / "murmur-logistic"
    assert found.trials.height == 6
    assert (found.trials["status"] == "ok").all()
    assert found.best.score == found.trials["score"].max()
    means = found.trials.select(pl.mean_horizontal("fold0", "fold1")).to_series()
    assert found.trials["score"].to_list() == pytest.approx(means.to_list())
    fitted = heartfeat.fit(head="logistic", name="best", config=found.config)
    assert {key: fitted.record.settings[key] for key in found.best.settings} == found.best.settings
    assert show_sweep(found) == 0
    assert "best.yaml" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("task", "name", "rule"),
    [(MURMUR, "auroc", "worth"), (OUTCOME, "cost", "cost"), (OUTCOME, "uar", "worth")],
    ids=["murmur", "outcome by cost", "outcome"],
)
def test_the_score_of_a_trial_is_that_of_the_validation_patients_of_a_fit(project, task, name, rule):
    kind = [f"task={task.name}"]
    found = heartfeat.sweep("logistic", grid=["penalty=0.3"], score=name, config=project, set=kind)
    change = [*kind, "heads.logistic.penalty=0.3", "calibration=none"]
    fitted = heartfeat.fit(head="logistic", name="same", config=project, set=change)
    valid = pl.read_parquet(fitted.folder / "valid_predictions.parquet")
    for number in (0, 1):
        arrays = prediction_arrays(valid.filter(pl.col("fold") == number), task)
        decisions = decide(task, arrays.probabilities, rule)
        value = score(task, arrays.labels, arrays.probabilities, decisions)[name]
        assert found.trials[f"fold{number}"][0] == pytest.approx(value)


def test_labels_of_tested_patients_change_nothing(project):
    from .test_fit import with_test_labels_moved

    made = heartfeat.splits(config=project)
    options = {"grid": GRID[:1], "folds": "0", "config": project, "allow_shared_persons": True}
    before = heartfeat.sweep("logistic", name="before", **options).trials.drop("seconds")
    with_test_labels_moved(project, list(made.folds[0].test))
    assert heartfeat.sweep("logistic", name="after", **options).trials.drop("seconds").equals(before)


def test_a_finished_sweep_does_nothing_and_a_larger_grid_only_what_is_new(project):
    first = heartfeat.sweep("logistic", grid=["penalty=0.01,0.1"], folds="1", config=project)
    assert [name for name in first.trials.columns if name.startswith("fold")] == ["fold1"]
    again = heartfeat.sweep("logistic", grid=["penalty=0.1,1"], folds="1", config=project)
    assert again.trials.head(2).equals(first.trials)
    assert again.trials["set.penalty"].to_list() == [0.01, 0.1, 1.0]
    with pytest.raises(RunError, match="other folds, score"):
        heartfeat.sweep("logistic", grid=["penalty=1"], folds="0", score="uar", config=project)
    assert heartfeat.sweep("logistic", grid=["penalty=1"], overwrite=True, config=project).trials.height == 1


def test_a_second_sweep_of_one_name_is_refused_while_the_first_is_at_work(project):
    penalties = ",".join(map(str, range(1, 13)))
    script = f"import heartfeat; heartfeat.sweep('logistic', grid=['penalty={penalties}'], config={str(project)!r})"
    table = project.parent / "sweeps" / "murmur-logistic" / "trials.csv"
    first = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    try:
        while not table.exists() and first.poll() is None:
            time.sleep(0.01)
        os.kill(first.pid, signal.SIGSTOP)
        for overwrite in (False, True):
            with pytest.raises(RunError, match=r"another process is at work on the sweep .*murmur-logistic"):
                heartfeat.sweep("logistic", grid=["penalty=20"], overwrite=overwrite, config=project)
    finally:
        os.kill(first.pid, signal.SIGCONT)
    assert first.wait() == 0
    assert pl.read_csv(table).height == 12
    assert heartfeat.sweep("logistic", grid=["penalty=20"], config=project).trials.height == 13


def test_a_failing_trial_is_a_row_that_says_why(project):
    settings = ["heads.mlp.epochs=1"]
    found = heartfeat.sweep("mlp", grid=["class_weights=[1,2],null"], config=project, set=settings)
    assert found.trials["status"].to_list() == ["failed", "ok"]
    assert "class" in found.trials["error"][0]
    with pytest.raises(RunError, match="none of 1 trials"):
        heartfeat.sweep("mlp", grid=["class_weights=[1,2]"], name="bad", config=project, set=settings)


def test_a_search_takes_ranges_and_scores_that_should_be_low(project):
    pytest.importorskip("optuna")
    (project.parent / "space.yaml").write_text("penalty: {low: 0.001, high: 10, log: true}\n")
    options = {"space": project.parent / "space.yaml", "search": "tpe", "score": "brier", "config": project}
    half = heartfeat.sweep("logistic", trials=2, **options)
    whole = heartfeat.sweep("logistic", trials=4, **options)
    assert whole.trials.head(2).equals(half.trials)
    assert whole.best.score == whole.trials["score"].min()
    assert whole.trials.drop("seconds").equals(
        heartfeat.sweep("logistic", name="at-once", trials=4, **options).trials.drop("seconds")
    )


@pytest.mark.parametrize(
    ("options", "error", "reason"),
    [
        ({"grid": ["penalty=-1"]}, ConfigError, r"heads\.logistic.*penalty"),
        ({"grid": ["penalty=1"], "score": "luck"}, ConfigError, "there is no score 'luck'"),
        ({"grid": ["penalty=1"], "search": "luck"}, ConfigError, "choose grid or tpe"),
        ({"grid": ["penalty=1"], "trials": 3}, ConfigError, "--trials is for"),
        ({"grid": ["penalty=1"], "folds": "2"}, SplitError, "folds 0 to 1"),
        ({"grid": ["penalty=1"], "folds": "a"}, SplitError, "no fold 'a'"),
        ({"grid": ["penalty=1"], "name": "../x"}, ConfigError, "plain folder name"),
        ({"grid": ["penalty=1"], "devices": "cuda:0"}, ConfigError, "CPU"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_fitted(project, options, error, reason):
    with pytest.raises(error, match=reason):
        heartfeat.sweep("logistic", config=project, **options)
    assert not (project.parent / "sweeps").exists()


def test_a_device_that_is_not_there_is_refused(project):
    with pytest.raises(DeviceError, match="cuda:99"):
        heartfeat.sweep("mlp", grid=["width=8"], devices="cuda:99", config=project)


def test_several_devices_are_handed_out_in_turn(monkeypatch):
    assert chosen_devices("mlp", "cpu", 3) == ("cpu", "cpu", "cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "device", lambda number: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    both = ("cuda:0", "cuda:1")
    assert chosen_devices("mlp", "cuda:0, cuda:1", 4) == both + both
    assert chosen_devices("mlp", "cuda:1,cuda:0", 3) == ("cuda:1", "cuda:0", "cuda:1")
    assert chosen_devices("mlp", "auto", None) == both
    assert chosen_devices("logistic", "auto", None) == ("cpu",)
    with pytest.raises(DeviceError, match=r"cuda:2 was asked for, but this machine has 2 \(0 to 1\)"):
        chosen_devices("mlp", "cuda:1,cuda:2", 4)


def test_a_given_split_goes_into_the_best_config(project):
    file = project.parent / "three.json"
    heartfeat.splits(config=project, set=["split.folds=3", "split.seed=4", f"split.file={file}"])
    found = heartfeat.sweep("logistic", grid=["penalty=1"], split=file, config=project)
    written = yaml.safe_load(found.config.read_text())
    assert written["split"] == {
        "kind": "kfold",
        "folds": 3,
        "seed": 4,
        "file": str(file),
        "fractions": [0.7, 0.2, 0.1],
    }
    assert len(heartfeat.fit(head="logistic", config=found.config).record.seen) == 3


def test_the_command_that_a_sweep_tells_is_not_refused_where_persons_are_on_two_sides(project, capsys):
    found = heartfeat.sweep("logistic", grid=["penalty=1"], config=project, **two_sided(project))
    assert show_sweep(found) == 0
    told = capsys.readouterr().out.split("next: ")[1].strip()
    assert told == found.config.read_text().splitlines()[1].removeprefix("# ")
    done = CliRunner().invoke(app, shlex.split(told)[1:])
    assert done.exit_code == 0, done.output
    assert len(load_record(project.parent / "runs" / "murmur-logistic-2").shared_persons) == 1


@pytest.mark.slow
def test_processes_find_what_one_finds_and_a_stopped_sweep_goes_on(project):
    values = [f"{0.01 * number:.2f}" for number in range(1, 61)]
    command = [sys.executable, "-m", "heartfeat", "sweep", "--head", "logistic", "--config", str(project)]
    command += ["--name", "stopped", "--jobs", "2", "--grid", f"penalty={','.join(values)}"]
    table = project.parent / "sweeps" / "stopped" / "trials.csv"
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    while not table.exists() and running.poll() is None:
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)
    said = running.communicate()[1].decode()
    assert running.returncode == 130, said
    assert "run the same command again" in said
    assert "Traceback" not in said
    before = pl.read_csv(table)
    assert 0 < before.height < 60
    options = {"grid": [f"penalty={','.join(values[:3])}"], "config": project}
    found = heartfeat.sweep("logistic", name="stopped", **options)
    assert set(found.trials["set.penalty"]) == {*before["set.penalty"], 0.01, 0.02, 0.03}
    assert found.trials.join(before, on=["trial", "set.penalty", "score", "seconds"]).height == before.height
    alone = heartfeat.sweep("logistic", name="alone", **options)
    columns = ["set.penalty", "score", "fold0", "fold1"]
    tried = found.trials.filter(pl.col("set.penalty") < 0.035).sort("set.penalty")
    assert tried.select(columns).equals(alone.trials.select(columns))


@pytest.mark.slow
def test_a_process_that_dies_fails_its_trial_alone(project, monkeypatch):
    plugin = project.parent / "deadly"
    (plugin / "deadly-1.0.dist-info").mkdir(parents=True)
    (plugin / "deadly-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: deadly\nVersion: 1.0\n"
    )
    (plugin / "deadly-1.0.dist-info" / "entry_points.txt").write_text(
        "[heartfeat.heads]\ndeadly = deadly:Deadly\n"
    )
    (plugin / "deadly.py").write_text(DEADLY)
    monkeypatch.setenv("PYTHONPATH", str(plugin))
    command = [
        sys.executable,
        "-m",
        "heartfeat",
        "sweep",
        "--head",
        "deadly",
        "--config",
        str(project),
        "--jobs",
        "2",
    ]
    said = subprocess.run(
        [*command, "--grid", "share=0.5,0,0.7"], capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    rows = pl.read_csv(project.parent / "sweeps" / "murmur-deadly" / "trials.csv").sort("set.share")
    assert rows["status"].to_list() == ["failed", "ok", "ok"]
    assert "exit code 9" in rows["error"][0]


DEADLY = """
import os
from typing import Literal

import numpy as np
from pydantic import BaseModel

from heartfeat.heads.head import HeadState, Prediction


class Settings(BaseModel):
    kind: Literal["deadly"] = "deadly"
    share: float = 0.5


class Deadly:
    uses_tokens = False
    settings_class = Settings

    def __init__(self, settings):
        self.settings = settings

    def fit(self, train, valid, progress):
        if not self.settings.share:
            os._exit(9)
        return []

    def predict(self, examples):
        rest = (1 - self.settings.share) / 2
        row = np.array([self.settings.share, rest, rest])
        return Prediction(np.tile(row, (len(examples.views), len(examples.patients), 1)))

    def state(self):
        return HeadState({})

    @classmethod
    def from_state(cls, state):
        return cls(Settings())
"""
