import json
import os
from pathlib import Path

from heartfeat.extraction.facts import FACT_TYPES, OK, SKIPPED, Facts, FileMark, mark_file
from heartfeat.signals.quality import QUALITY

GOOD = Facts("r", FileMark(5, 7), OK, None, "digest", 4000, 1.25, dict.fromkeys(QUALITY, 0.1))
BAD = Facts("r", FileMark(None, None), SKIPPED, "missing file")


def test_facts_survive_the_journal_and_the_table() -> None:
    for facts in (GOOD, BAD):
        assert Facts.from_json(json.loads(json.dumps(facts.as_json()))) == facts
        assert Facts.from_columns({"recording": "r", **facts.columns()}) == facts
        assert list(facts.columns()) == list(FACT_TYPES)


def test_a_file_is_marked_by_size_and_age_of_itself_and_its_header(tmp_path: Path) -> None:
    path = tmp_path / "r.wav"
    assert mark_file(path) == FileMark(None, None)
    path.write_bytes(b"12345")
    os.utime(path, ns=(0, 10))
    assert mark_file(path) == FileMark(5, 10)
    (tmp_path / "r.hea").write_bytes(b"123")
    os.utime(tmp_path / "r.hea", ns=(0, 20))
    assert mark_file(path) == FileMark(8, 20)
    os.utime(tmp_path / "r.hea", ns=(0, 5))
    assert mark_file(path) == FileMark(8, 10)
