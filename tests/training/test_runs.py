from dataclasses import replace

import pytest

from heartfeat.errors import RunError
from heartfeat.training.runs import RunRecord, list_runs, load_record, new_run_name, save_record, writing_run

RECORD = RunRecord(
    name="murmur-logistic",
    head="logistic",
    task="murmur",
    features={"logmel": {"dim": 64}},
    views=["clean"],
    settings={"kind": "logistic"},
    store="stores/a.zarr",
    cohort_digest="c",
    split_digest="s",
    seen=[["1", "2"], ["3"]],
    seconds=[0.5, 0.25],
    versions={"heartfeat": "0.1.0"},
    shared_persons=[],
    left_out=["9"],
)


def make_run(runs, name):
    with writing_run(runs / name) as folder:
        save_record(replace(RECORD, name=name), folder)


def test_a_record_reads_back_equal(tmp_path):
    make_run(tmp_path, "a")
    assert load_record(tmp_path / "a") == replace(RECORD, name="a")


def test_fold_folders_are_one_per_fold(tmp_path):
    assert [path.name for path in RECORD.fold_folders(tmp_path)] == ["fold0", "fold1"]


def test_a_failure_leaves_no_run_behind(tmp_path):
    with pytest.raises(RunError, match="unchanged"), writing_run(tmp_path / "a") as folder:
        save_record(RECORD, folder / "absent")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_run_is_never_overwritten_unasked(tmp_path):
    make_run(tmp_path, "a")
    with pytest.raises(RunError, match="--name"):
        make_run(tmp_path, "a")
    assert load_record(tmp_path / "a").name == "a"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_overwriting_replaces_the_run_as_a_whole(tmp_path):
    make_run(tmp_path, "a")
    (tmp_path / "a" / "old").write_text("")
    with writing_run(tmp_path / "a", overwrite=True) as folder:
        save_record(replace(RECORD, head="lgbm"), folder)
    assert load_record(tmp_path / "a").head == "lgbm"
    assert not (tmp_path / "a" / "old").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_failed_overwrite_keeps_the_old_run(tmp_path):
    make_run(tmp_path, "a")
    with pytest.raises(RunError, match="unchanged"), writing_run(tmp_path / "a", overwrite=True) as folder:
        save_record(RECORD, folder / "absent")
    assert load_record(tmp_path / "a").name == "a"


def test_new_names_are_numbered(tmp_path):
    assert new_run_name(tmp_path, "murmur-lgbm") == "murmur-lgbm"
    make_run(tmp_path, "murmur-lgbm")
    make_run(tmp_path, "murmur-lgbm-2")
    assert new_run_name(tmp_path, "murmur-lgbm") == "murmur-lgbm-3"


def test_only_finished_runs_are_listed(tmp_path):
    make_run(tmp_path, "a")
    (tmp_path / "half").mkdir()
    (tmp_path / ".b.new-1").mkdir()
    (tmp_path / ".b.new-1" / "run.json").write_text("{}")
    assert [path.name for path in list_runs(tmp_path)] == ["a"]


def test_a_missing_run_names_those_that_are_there(tmp_path):
    make_run(tmp_path, "a")
    with pytest.raises(RunError, match="Runs there: a"):
        load_record(tmp_path / "b")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', '{"format": 1}', "\x00"])
def test_a_damaged_record_is_a_run_error(tmp_path, text):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "run.json").write_text(text)
    with pytest.raises(RunError):
        load_record(tmp_path / "a")
