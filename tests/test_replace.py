import os
import signal
import socket
import subprocess
import sys

import pytest

from heartfeat.backbones.checkpoint import find_checkpoint
from heartfeat.errors import RunError, StoreError
from heartfeat.replace import recover, replace_file, replacing
from heartfeat.training.runs import RunRecord, list_runs, load_record, new_run_name, save_record, writing_run


def tree(path, text):
    path.mkdir()
    (path / "zarr.json").write_text(text)
    return path


def text_of(path):
    return (path / "zarr.json").read_text()


def test_a_folder_takes_the_place_of_another(tmp_path):
    target = tree(tmp_path / "s.zarr", "old")
    with replacing(target, StoreError) as new:
        tree(new, "new")
        assert text_of(target) == "old"
    assert text_of(target) == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_takes_the_place_of_another(tmp_path):
    target = tmp_path / "s.h5"
    target.write_text("old")
    with replacing(target, StoreError) as new:
        new.write_text("new")
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_an_error_removes_the_new_tree_only(tmp_path):
    target = tree(tmp_path / "s.zarr", "old")

    def write_half():
        with replacing(target, StoreError) as new:
            tree(new, "half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert text_of(target) == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_refusal_by_the_disk_says_what_to_do(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StoreError, match="what was there before is unchanged"),
        replacing(tmp_path / "file/s.zarr", StoreError),
    ):
        pass


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (("target",), "target"),
        (("ready",), "ready"),
        (("ready", "old"), "ready"),
        (("old",), "old"),
        (("target", "old"), "target"),
        (("target", "ready"), "target"),
    ],
)
def test_recover_finishes_or_undoes_what_a_crash_left(tmp_path, there, expected):
    target = tmp_path / "s.zarr"
    for kind in there:
        tree(target if kind == "target" else tmp_path / f".s.zarr.{kind}", kind)
    recover(target, StoreError)
    assert text_of(target) == expected
    with replacing(target, StoreError) as new:
        tree(new, "next")
    assert text_of(target) == "next"
    assert list(tmp_path.iterdir()) == [target]


def test_recover_leaves_an_empty_place_empty(tmp_path):
    recover(tmp_path / "s.zarr", StoreError)
    assert list(tmp_path.iterdir()) == []


def test_a_living_writers_tree_is_left_alone_and_a_dead_ones_removed(tmp_path):
    target = tmp_path / "s[1].zarr"
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    prefix = f".{target.name}.new-{socket.gethostname()}-"
    mine, theirs = prefix + dead.stdout.decode().strip(), f"{prefix}{os.getppid()}"
    elsewhere = f".{target.name}.new-other-host-1"
    for name in (mine, theirs, elsewhere):
        tree(tmp_path / name, "half")
    with replacing(target, StoreError) as new:
        tree(new, "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([theirs, elsewhere, target.name])


def test_a_file_is_replaced_or_left_as_it_was(tmp_path):
    target = tmp_path / "trials.csv"
    replace_file(target, lambda new: new.write_text("old"))

    def write_half(new):
        new.write_text("half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        replace_file(target, write_half)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


REPLACE = """
import os, signal, sys
from pathlib import Path

name, fatal, target = sys.argv[1], sys.argv[2], Path(sys.argv[3])
rename = Path.rename

def rename_and_die(path, new):
    rename(path, new)
    if str(new).endswith(fatal):
        os.kill(os.getpid(), signal.SIGKILL)

Path.rename = rename_and_die
if name == "run":
    from heartfeat.training.runs import writing_run

    with writing_run(target, overwrite=True) as beside:
        text = (target / "run.json").read_text()
        (beside / "run.json").write_text(text.replace("old", "new"))
else:
    from heartfeat.pretraining.writing import write_checkpoint

    class Written:
        def save_pretrained(self, folder):
            folder.mkdir()
            (folder / "model.safetensors").touch()
            (folder / "config.json").write_text("new")

        def write(self, folder):
            pass

    write_checkpoint(Written(), Written(), target.with_name("unfinished"), target)
"""


def kill_while_replacing(name, target, fatal):
    """Replace a run or a checkpoint in a process that dies once a folder was given a name that ends so."""
    done = subprocess.run([sys.executable, "-c", REPLACE, name, fatal, target], check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.fixture(params=[(".ready", "old"), (".old", "new")], ids=["ready", "old"])
def fatal(request):
    """At which rename a process dies, and what is found afterwards."""
    return request.param


@pytest.mark.parametrize("look", ["load", "list", "write"])
def test_a_run_whose_replacement_was_killed_is_found_whole(tmp_path, fatal, look):
    target = tmp_path / "a"
    with writing_run(target) as beside:
        save_record(RunRecord("a", "old", "", {}, [], {}, "", "", "", [], [], {}, [], []), beside)
    kill_while_replacing("run", target, fatal[0])
    if look == "list":
        assert list_runs(tmp_path) == [target]
    elif look == "write":
        assert new_run_name(tmp_path, "a") == "a-2"
        with pytest.raises(RunError, match="exists"), writing_run(target) as beside:
            pass
    assert load_record(target).head == fatal[1]


def test_a_checkpoint_whose_replacement_was_killed_is_found_whole(tmp_path, fatal):
    target = tmp_path / "enc"
    tree(target, "")
    (target / "model.safetensors").touch()
    (target / "config.json").write_text("old")
    kill_while_replacing("checkpoint", target, fatal[0])
    assert (find_checkpoint(str(target)) / "config.json").read_text() == fatal[1]
