import math
import sys

import pytest

from heartfeat.errors import ConfigError
from heartfeat.training.sweep_search import GridSearch, TpeSearch
from heartfeat.training.sweep_space import Range, Space
from heartfeat.training.sweep_trials import Trial

SPACE = Space(
    {"rate": Range(low=1e-4, high=1.0, log=True), "width": Range(low=1, high=9, step=2), "sites": ([1], [2])}
)


def value(settings):
    return -abs(math.log10(settings["rate"]) + 2) + 0.1 * settings["width"] + settings["sites"][0]


def searched(search, done, trials):
    done = list(done)
    while len(done) < trials and (settings := search.propose(len(done), done, [])) is not None:
        done.append(Trial(len(done), settings, "ok", {0: value(settings)}, value(settings)))
    return done


def test_a_grid_proposes_what_is_neither_done_nor_running():
    grid = GridSearch(Space({"a": (1, 2), "b": (True, False)}))
    assert grid.total(0) == 4
    done, running = [Trial(0, {"a": 1, "b": True}, "failed")], [Trial(1, {"a": 1, "b": False})]
    assert grid.propose(2, done, running) == {"a": 2, "b": True}


def test_tpe_stays_within_the_space_and_finds_what_is_good():
    pytest.importorskip("optuna")
    done = searched(TpeSearch(SPACE, 40, 0, lower_is_better=False), [], 40)
    for trial in done:
        assert 1e-4 <= trial.settings["rate"] <= 1
        assert trial.settings["width"] in (1, 3, 5, 7, 9)
    best = max(done, key=lambda trial: trial.score)
    assert best.score > 2.3


def test_a_search_that_was_stopped_goes_on_as_if_it_had_not_been():
    pytest.importorskip("optuna")
    whole = searched(TpeSearch(SPACE, 16, 3, lower_is_better=True), [], 16)
    half = searched(TpeSearch(SPACE, 9, 3, lower_is_better=True), [], 16)
    assert len(half) == 9
    assert searched(TpeSearch(SPACE, 16, 3, lower_is_better=True), half, 16) == whole


def test_trials_outside_of_the_present_space_are_left_aside():
    pytest.importorskip("optuna")
    strange = [
        Trial(0, {"rate": 5.0, "width": 3, "sites": [1]}, "ok", {0: 1.0}, 1.0),
        Trial(1, {"width": 3}, "failed"),
    ]
    running = [Trial(2, {"rate": 0.1, "width": 3, "sites": [1]})]
    assert TpeSearch(SPACE, 9, 0, lower_is_better=False).propose(3, strange, running) is not None


def test_a_small_space_comes_to_an_end():
    pytest.importorskip("optuna")
    small = Space({"sites": ([1], [2])})
    done = []
    search = TpeSearch(small, 50, 0, lower_is_better=False)
    while (settings := search.propose(len(done), done, [])) is not None:
        done.append(Trial(len(done), settings, "ok", {0: 1.0}, 1.0))
    assert len(done) == 2


def test_a_missing_optuna_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConfigError, match=r"pip install heartfeat\[sweep\]"):
        TpeSearch(SPACE, 5, 0, lower_is_better=False)
