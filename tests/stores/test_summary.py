import json

import pytest

from heartfeat.stores import open_store


def test_a_summary_is_plain_json_with_counts_hours_and_sizes(ward, path):
    summary = open_store(ward.write(path, created="then")).summary()
    assert json.loads(json.dumps(summary)) == summary
    assert (summary["patients"], summary["persons"], summary["recordings"]) == (4, 4, 6)
    assert summary["hours"] == pytest.approx(21 / 50 / 3600)
    assert summary["status"] == {"ok": 5, "skipped": 1}
    assert summary["reasons"] == {"silent": 1}
    assert summary["created"] == "then"
    assert summary["features"]["logmel"] == {
        "views": ["clean", "gain-6"],
        "dim": 3,
        "token_rate": 50.0,
        "rows": 21,
        "done": [5, 5],
        "bytes": 2 * 21 * 3 * 2 + 2 * 6 * 6 * 4,
        "key": ward.source().attrs["core_key"],
    }


def test_columns_that_are_not_stored_are_left_out_of_the_summary(ward, path):
    ward.recordings = ward.recordings.drop("duration", "status", "reason")
    store = open_store(ward.write(path))
    assert store.summary()["hours"] is None
    assert store.summary()["status"] == {}
    assert repr(store).splitlines()[1] == "  4 patients, 6 recordings"


def test_a_set_without_a_token_rate_has_none_in_the_summary(ward, path):
    store = open_store(ward.write(path, ward.source(token_rate=None)))
    assert store.summary()["features"]["logmel"]["token_rate"] is None
    assert "21 tokens x 3, 2 views" in repr(store)
