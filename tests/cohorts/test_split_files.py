import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heartfeat.cohorts.splits import Fold, Splits, load_splits, save_splits
from heartfeat.errors import SplitError

SPLITS = Splits("holdout", 7, "abc", (Fold(("1", "2"), ("3",), ("4",)),))
OTHER = Splits("holdout", 8, "abc", (Fold(("1", "3"), ("2",), ("4",)),))
SIDE = st.lists(st.text(max_size=5), max_size=5).map(tuple)
FOLDS = st.lists(st.builds(Fold, SIDE, SIDE, SIDE), max_size=4).map(tuple)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.builds(Splits, st.sampled_from(["holdout", "kfold"]), st.none() | st.integers(), st.text(), FOLDS))
def test_a_saved_split_is_read_back_equal(tmp_path, splits):
    assert load_splits(save_splits(splits, tmp_path / "new" / "split.json", overwrite=True)) == splits
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["split.json"]


def test_what_a_split_leaves_out_is_read_back(tmp_path):
    splits = Splits("leave-one-out", 0, "abc", SPLITS.folds, by="campaign", left_out=("2014",))
    assert load_splits(save_splits(splits, tmp_path / "split.json")) == splits


@pytest.mark.parametrize("change", [{"by": 3}, {"left_out": "2014"}, {"left_out": []}, {"left_out": [2014]}])
def test_a_damaged_leave_one_out_is_refused(tmp_path, change):
    splits = Splits("leave-one-out", 0, "abc", SPLITS.folds, by="campaign", left_out=("2014",))
    path = save_splits(splits, tmp_path / "split.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(SplitError, match="left_out"):
        load_splits(path)


def test_a_split_is_never_silently_overwritten(tmp_path):
    path = save_splits(SPLITS, tmp_path / "split.json")
    before = path.stat().st_mtime_ns
    save_splits(SPLITS, path)
    assert path.stat().st_mtime_ns == before
    with pytest.raises(SplitError, match=r"split\.json holds another split"):
        save_splits(OTHER, path)
    assert load_splits(path) == SPLITS
    save_splits(OTHER, path, overwrite=True)
    assert load_splits(path) == OTHER


def test_a_file_that_is_no_split_is_not_overwritten(tmp_path):
    (tmp_path / "split.json").write_text("my notes")
    with pytest.raises(SplitError, match="not a split file"):
        save_splits(SPLITS, tmp_path / "split.json")
    assert (tmp_path / "split.json").read_text() == "my notes"


def test_a_split_made_elsewhere_is_read(tmp_path):
    sides = {"train": [13918, "2530"], "valid": ["9979"], "test": ["1"]}
    (tmp_path / "split.json").write_text(json.dumps({"patients": sides}))
    assert load_splits(tmp_path / "split.json") == Splits(
        "given", None, "", (Fold(("13918", "2530"), ("9979",), ("1",)),)
    )
    (tmp_path / "split.json").write_text(json.dumps({"split_1": sides, "split_2": sides}))
    assert len(load_splits(tmp_path / "split.json").folds) == 2


OURS = {"format": "heartfeat splits", "kind": "kfold", "seed": 0, "cohort": "", "folds": []}


@pytest.mark.parametrize(
    "tree",
    [
        [],
        {},
        {"patients": {"train": ["1"], "test": ["2"]}},
        {"patients": {"train": ["1"], "valid": "2", "test": ["3"]}},
        {"patients": {"train": ["1"], "valid": [True], "test": ["3"]}},
        {"train": ["1"], "valid": ["2"], "test": ["3"]},
        {**OURS, "kind": 3},
        {**OURS, "seed": "zero"},
        {**OURS, "seed": True},
        {name: value for name, value in OURS.items() if name != "seed"},
        {**OURS, "folds": [["1"]]},
    ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path, tree):
    (tmp_path / "split.json").write_text(json.dumps(tree))
    with pytest.raises(SplitError, match=r"split\.json"):
        load_splits(tmp_path / "split.json")


def test_a_missing_file_and_one_that_is_no_json(tmp_path):
    with pytest.raises(SplitError, match="no split file"):
        load_splits(tmp_path / "split.json")
    (tmp_path / "split.json").write_bytes(b"\xff{")
    with pytest.raises(SplitError, match="not a split file"):
        load_splits(tmp_path / "split.json")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"split": {"train": ["1"], "train": ["2"], "valid": ["3"], "test": ["4"]}}',
        '{"split": {"train": [' + "1" * 5000 + '], "valid": ["3"], "test": ["4"]}}',
    ],
)
def test_json_that_is_too_deep_or_says_a_thing_twice_is_refused(tmp_path, text):
    (tmp_path / "split.json").write_text(text)
    with pytest.raises(SplitError, match=r"split\.json is not a split file"):
        load_splits(tmp_path / "split.json")
