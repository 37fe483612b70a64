"""A short fuzz run: some hundred changed inputs of every kind. The long one is ``scripts/fuzz``."""

import contextlib
import filecmp
import json
import random
import sys

import pytest

from heartfeat.errors import HeartfeatError

from . import runner
from .__main__ import cases_of
from .kinds import KINDS
from .make_corpus import CORPUS, write_corpus
from .runner import run_cases

SHORT = 300


@pytest.fixture(scope="module")
def tallies():
    return run_cases(cases_of(list(KINDS), SHORT, seed=1))


@pytest.mark.parametrize("kind", KINDS)
def test_changed_inputs_are_refused_or_read_right(tallies, kind):
    assert tallies[kind].failures == []
    assert tallies[kind].cases >= SHORT * KINDS[kind][1] // sum(share for _, share in KINDS.values())


def test_some_changed_inputs_are_refused_and_some_are_not(tallies):
    refused = {kind for kind, tally in tallies.items() if tally.refused}
    # A cohort with bad files is no reason to refuse: they are skipped.
    assert refused >= set(KINDS) - {"cohort"}
    assert sum(tally.accepted for tally in tallies.values()) > SHORT // 10


def test_cases_that_hang_crash_or_lie_are_failures_and_the_run_goes_on(monkeypatch):
    monkeypatch.setattr(runner, "SECONDS", 1.0)
    kinds = ("self-test-right", "self-test-hang", "self-test-crash", "self-test-lie", "self-test-memory")
    tallies = run_cases([(kind, 0, 0) for kind in (*kinds, "self-test-right")], warm=False)
    failed = {kind: [report.split(": ")[1] for report in tally.failures] for kind, tally in tallies.items()}
    assert failed == {
        "self-test-right": [],
        "self-test-hang": ["hang"],
        "self-test-crash": ["crash"],
        "self-test-lie": ["WrongAnswerError"],
        "self-test-memory": ["MemoryError"] if sys.platform == "linux" else [],
    }
    assert tallies["self-test-right"].accepted == 2


def test_a_case_is_the_same_every_time(tmp_path):
    seen = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        with contextlib.suppress(HeartfeatError):
            KINDS["wav"][0](random.Random("wav 0 3"), tmp_path / name)
        seen.append(json.dumps([file.read_bytes().hex() for file in sorted((tmp_path / name).iterdir())]))
    assert seen[0] == seen[1]


def test_the_corpus_is_what_its_script_writes(tmp_path):
    write_corpus(tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    # Encoded sound depends on the release of libsndfile; text does not.
    texts = [name for name in names if not name.endswith((".wav", ".flac"))]
    assert set(names) <= {path.name for path in CORPUS.iterdir()}
    assert filecmp.cmpfiles(tmp_path, CORPUS, texts, shallow=False) == (texts, [], [])
