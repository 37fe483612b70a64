import os
import socket
import subprocess
import sys

import pytest

from heartfeat.errors import StoreError
from heartfeat.stores.replace import recover, replacing


def tree(path, text):
    path.mkdir()
    (path / "zarr.json").write_text(text)
    return path


def text_of(path):
    return (path / "zarr.json").read_text()


def test_a_folder_takes_the_place_of_another(tmp_path):
    target = tree(tmp_path / "s.zarr", "old")
    with replacing(target) as new:
        tree(new, "new")
        assert text_of(target) == "old"
    assert text_of(target) == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_takes_the_place_of_another(tmp_path):
    target = tmp_path / "s.h5"
    target.write_text("old")
    with replacing(target) as new:
        new.write_text("new")
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_an_error_removes_the_new_tree_only(tmp_path):
    target = tree(tmp_path / "s.zarr", "old")

    def write_half():
        with replacing(target) as new:
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
        replacing(tmp_path / "file/s.zarr"),
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
    recover(target)
    assert text_of(target) == expected
    with replacing(target) as new:
        tree(new, "next")
    assert text_of(target) == "next"
    assert list(tmp_path.iterdir()) == [target]


def test_recover_leaves_an_empty_place_empty(tmp_path):
    recover(tmp_path / "s.zarr")
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
    with replacing(target) as new:
        tree(new, "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([theirs, elsewhere, target.name])
