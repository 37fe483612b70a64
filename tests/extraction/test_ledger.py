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


def units(*names: str) -> deque[Unit]:
    return deque(Unit(name, Path(name), 10) for name in names)


def test_units_are_handed_out_once_in_order() -> None:
    ledger = Ledger(SETS, (), units("a", "b", "c"))
    handed = [ledger.next_unit("x") for _ in range(4)]
    assert [unit and unit.recording for unit in handed] == ["a", "b", "c", None]


def test_the_same_audio_is_claimed_once() -> None:
    ledger = Ledger(SETS, (), deque())
    assert len(ledger.claim("x", FACTS)) == 4
    assert ledger.claim("y", replace(FACTS, recording="twin")) == []
    assert set(ledger.facts) == {"a", "twin"}


def test_what_is_present_is_not_claimed() -> None:
    clean, shifted = SETS[0].blocks(FACTS)
    ledger = Ledger(SETS[:1], {clean}, deque())
    assert ledger.claim("x", FACTS) == [shifted]


def test_a_bad_recording_has_nothing_to_compute_and_ends_a_strict_run() -> None:
    assert Ledger(SETS, (), deque()).claim("x", BAD) == []
    with pytest.raises(
        RecordingError, match="silent: recording b; all samples are equal; run without strict"
    ):
        Ledger(SETS, (), deque(), strict=True).claim("x", BAD)


def test_reports_add_up_over_workers() -> None:
    ledger = Ledger(SETS, (), units("a", "b", "c"))
    for worker in ("x", "x", "y"):
        ledger.next_unit(worker)
    seen: list[Done] = []
    ledger.on_report = lambda: seen.append(ledger.total)
    ledger.report("x", ["a", "b"], Done(recordings=2, encoded=1, write=0.5))
    ledger.report("y", ["c"], Done(recordings=1, decode=2.0))
    assert seen == [Done(2, 1, write=0.5), Done(3, 1, decode=2.0, write=0.5)]
    assert ledger.done["y"] == Done(recordings=1, decode=2.0)
    assert ledger.bytes_done == 30


def test_what_a_dead_worker_had_in_hand_is_handed_out_again_first() -> None:
    ledger = Ledger(SETS, (), units("a", "b", "c"))
    for worker in ("x", "x", "x"):
        ledger.next_unit(worker)
    ledger.units = units("d")
    for recording in "ab":
        ledger.claim("x", replace(FACTS, recording=recording, pcm_digest=recording))
    ledger.report("x", ["a"], Done(recordings=1))

    assert ledger.lost("x") == ["b", "c"]

    assert [unit.recording for unit in ledger.units] == ["b", "c", "d"]
    assert len(ledger.claim("y", replace(FACTS, recording="b", pcm_digest="b"))) == 4
    # What the dead worker had committed stays claimed.
    assert ledger.claim("y", replace(FACTS, recording="twin", pcm_digest="a")) == []
    assert ledger.lost("nobody") == []
