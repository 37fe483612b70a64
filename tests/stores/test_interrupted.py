"""Whatever happens while stores are repaired, converted, merged or freed of a set, those there stay as they were."""

import pytest

from heartfeat.stores.convert import convert_store
from heartfeat.stores.merge import merge_stores
from heartfeat.stores.remove import remove_features
from heartfeat.stores.repair import repair_store
from heartfeat.stores.verify import verify_store

from .damage import bytes_of, flip
from .processes import FULL, UNPRIVILEGED, run_python
from .test_merge import renamed

OPERATIONS = {
    "repair": lambda suffix, progress=None: repair_store(f"broken{suffix}", progress),
    "convert": lambda suffix, progress=None: convert_store(
        f"ward{suffix}", f"other{suffix}", overwrite=True, progress=progress
    ),
    "merge": lambda suffix, progress=None: merge_stores(
        f"merged{suffix}", [f"ward{suffix}", f"other{suffix}"], progress=progress
    ),
    "remove": lambda suffix, progress=None: remove_features(f"ward{suffix}", ["one"], progress),
}

SCRIPT = """
import os, signal, sys
from heartfeat.errors import StoreError

suffix, how, names = sys.argv[2], sys.argv[3], sys.argv[4:]
sys.path.insert(0, sys.argv[1])
from tests.stores.test_interrupted import OPERATIONS

def die(what, done, total):
    if what.startswith("writing"):
        os.kill(os.getpid(), signal.SIGKILL)

for name in names:
    try:
        OPERATIONS[name](suffix, die if how == "kill" else None)
    except StoreError as error:
        print(f"{name}: {error}")
    else:
        print(f"{name}: done")
"""


@pytest.fixture(params=[".zarr", ".h5"])
def suffix(request):
    return request.param


@pytest.fixture
def folder(make_ward, tmp_path, suffix, monkeypatch):
    """Three stores of 640 kB a set and view; in one of them a bit has flipped."""
    monkeypatch.chdir(tmp_path)
    ward = make_ward(((20_000,), (20_000,)), dim=8)
    for name in ("ward", "broken"):
        ward.write(tmp_path / f"{name}{suffix}", ward.source("one"), ward.source("two"))
    flip(tmp_path / f"broken{suffix}", "features/two/tokens", 5)
    other = renamed(make_ward(((20_000,),), dim=8, seed=1), "b")
    other.write(tmp_path / f"other{suffix}", other.source("one"), other.source("two"))
    return tmp_path


def run_operations(pytestconfig, suffix, names, how="", limit=""):
    return run_python(SCRIPT, pytestconfig.rootpath, suffix, how, *names, limit=limit)


@pytest.mark.parametrize("operation", ["repair", "convert", "merge"])
def test_an_interrupt_leaves_everything_as_it_was(folder, suffix, operation):
    before = bytes_of(folder)

    def interrupt(what, done, total):
        if what.startswith("writing"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        OPERATIONS[operation](suffix, interrupt)
    assert bytes_of(folder) == before


@pytest.mark.parametrize("operation", ["repair", "convert"])
def test_a_kill_costs_nothing_and_the_next_run_sweeps_up(folder, suffix, operation, pytestconfig):
    before = bytes_of(folder)
    assert run_operations(pytestconfig, suffix, [operation], "kill").returncode == -9
    after = bytes_of(folder)
    assert {name: after[name] for name in before} == before
    OPERATIONS[operation](suffix)
    left = {path.name for path in folder.iterdir()}
    assert left == {f"{name}{suffix}" for name in ("ward", "broken", "other")}
    assert not verify_store({"repair": "broken", "convert": "other"}[operation] + suffix).damaged


def test_a_disk_that_fills_up_leaves_everything_as_it_was_and_says_what_to_do(folder, suffix, pytestconfig):
    # Without a set, a Zarr store needs no room: the others are kept by hard links.
    names = [name for name in OPERATIONS if (name, suffix) != ("remove", ".zarr")]
    before = bytes_of(folder)
    check_refusals(run_operations(pytestconfig, suffix, names, limit=FULL), names)
    assert bytes_of(folder) == before


def test_a_folder_without_permission_leaves_everything_as_it_was(folder, suffix, pytestconfig):
    before = bytes_of(folder)
    folder.chmod(0o555)
    try:
        done = run_operations(pytestconfig, suffix, OPERATIONS, limit=UNPRIVILEGED)
    finally:
        folder.chmod(0o755)
    check_refusals(done, list(OPERATIONS))
    assert bytes_of(folder) == before


def check_refusals(done, names):
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == names
    for line in lines:
        assert "failed" in line
        assert "what was there before is unchanged. Make room or permission for it" in line
