from dataclasses import replace

import polars as pl
import pytest

from heartfeat.errors import RunError
from heartfeat.training.sweep_trials import (
    Trial,
    best_trial,
    check_same_sweep,
    load_trials,
    save_trials,
    trial_table,
)

TRIALS = [
    Trial(1, {"rate": 0.1, "sites": [1, 4], "loss": "ce"}, "ok", {0: 0.5, 2: 0.75}, 0.625, 1.5),
    Trial(
        0,
        {"rate": 1, "sites": None, "loss": "focal"},
        "failed",
        {0: 0.5},
        None,
        0.25,
        "no memory, says\nthe GPU",
    ),
]


def test_a_table_reads_back_equal_and_in_order(tmp_path):
    save_trials(trial_table(TRIALS, [0, 2]), tmp_path)
    assert load_trials(tmp_path) == sorted(TRIALS, key=lambda trial: trial.number)
    table = pl.read_csv(tmp_path / "trials.csv")
    assert table.columns[:5] == ["trial", "status", "score", "seconds", "error"]
    assert table["fold2"].to_list() == [None, 0.75]
    assert table["set.rate"].to_list() == [1.0, 0.1]
    assert table["set.sites"].to_list() == [None, "[1, 4]"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["trials.csv", "trials.parquet"]


def test_no_table_is_no_trials(tmp_path):
    assert load_trials(tmp_path) == []
    assert trial_table([], [0]).height == 0


def test_a_damaged_table_is_an_error(tmp_path):
    (tmp_path / "trials.parquet").write_bytes(b"PAR1")
    with pytest.raises(RunError, match="--overwrite"):
        load_trials(tmp_path)


def test_the_best_is_the_first_of_equals_and_never_a_failed_one():
    good = replace(TRIALS[0], score=0.7)
    equal, low = replace(good, number=5), replace(good, number=6, score=0.1)
    assert best_trial([equal, TRIALS[1], low, good], lower_is_better=False) is good
    assert best_trial([equal, TRIALS[1], low, good], lower_is_better=True) is low
    assert best_trial([TRIALS[1]], lower_is_better=False) is None


def test_a_sweep_about_something_else_is_refused_and_the_difference_named(tmp_path):
    about = {"head": "mlp", "folds": {"0": {"train": ("a",)}}}
    check_same_sweep(about, tmp_path)
    check_same_sweep(about, tmp_path)
    with pytest.raises(RunError, match="other folds;"):
        check_same_sweep({**about, "folds": {}}, tmp_path)
    (tmp_path / "sweep.json").write_text("[]")
    with pytest.raises(RunError, match="cannot be read"):
        check_same_sweep(about, tmp_path)
