from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest

from heartfeat.backbones.settings import LogMelSettings
from heartfeat.errors import RecordingError
from heartfeat.extraction.facts import OK, SKIPPED, Facts, FileMark
from heartfeat.extraction.feature_sets import plan_sets
from heartfeat.extraction.ledger import Done, Ledger, Unit

SETS = plan_sets([LogMelSettings(), LogMelSettings(name="other", bands=8)], ["clean", "shift"])
FACTS = Facts("a", FileMark(1, 1), OK, None, "digest", 4000, 1.0, {})
BAD = Facts("b", FileMark(1, 1), SKIPPED, "silent", detail="all samples are equal")


def test_units_are_handed_out_once_in_order() -> None:
    units = [Unit(name, Path(name)) for name in "abc"]
    ledger = Ledger(SETS, (), deque(units))
    assert [ledger.next_unit() for _ in range(4)] == [*units, None]


def test_the_same_audio_is_claimed_once() -> None:
    ledger = Ledger(SETS, (), deque())
    assert len(ledger.claim(FACTS)) == 4
    assert ledger.claim(replace(FACTS, recording="twin")) == []
    assert set(ledger.facts) == {"a", "twin"}


def test_what_is_present_is_not_claimed() -> None:
    clean, shifted = SETS[0].blocks("digest")
    ledger = Ledger(SETS[:1], {clean}, deque())
    assert ledger.claim(FACTS) == [shifted]


def test_a_bad_recording_has_nothing_to_compute_and_ends_a_strict_run() -> None:
    assert Ledger(SETS, (), deque()).claim(BAD) == []
    with pytest.raises(
        RecordingError, match="silent: recording b; all samples are equal; run without strict"
    ):
        Ledger(SETS, (), deque(), strict=True).claim(BAD)


def test_reports_add_up() -> None:
    seen: list[Done] = []
    ledger = Ledger(SETS, (), deque(), on_report=seen.append)
    ledger.report(Done(recordings=2, encoded=1, write=0.5))
    ledger.report(Done(recordings=1, decode=2.0))
    assert seen == [Done(2, 1, write=0.5), Done(3, 1, decode=2.0, write=0.5)]
