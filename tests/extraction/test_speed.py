from collections import deque
from pathlib import Path

from heartfeat.extraction.ledger import Done, Ledger, Unit
from heartfeat.extraction.speed import Speedometer, clock


def test_a_length_of_time_reads_like_a_clock() -> None:
    assert [clock(seconds) for seconds in (4.6, 750, 11_100)] == ["0:05", "12:30", "3:05:00"]


def test_people_are_told_counts_audio_rates_and_what_is_left_overall_and_by_worker() -> None:
    units = deque(Unit(name, Path(name), size) for name, size in (("a", 300), ("b", 100)))
    ledger = Ledger((), (), units)
    seen: list[tuple[str, int, int, str]] = []

    def progress(what: str, done: int, total: int, detail: str = "") -> None:
        seen.append((what, done, total, detail))

    ledger.on_report = Speedometer(ledger, tuple(units), progress)
    ledger.on_report()
    for worker in ("cpu:0", "cpu:1"):
        ledger.next_unit(worker)
    ledger.report("cpu:0", ["a"], Done(recordings=1, audio_seconds=1800))
    ledger.report("cpu:1", ["b"], Done(recordings=1, audio_seconds=900))

    assert [step[:3] for step in seen] == [("extracting", n, 2) for n in (0, 1, 2)]
    half, whole = seen[1][3], seen[2][3].splitlines()
    assert half.startswith("0.50 h of audio, ")
    assert half.endswith(" left")
    assert whole[0].startswith("0.75 h of audio, ")
    assert "left" not in whole[0]
    assert [line.partition(",")[0] for line in whole[1:]] == ["cpu:0: 1", "cpu:1: 1"]
