import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from heartfeat.backbones.settings import LogMelSettings
from heartfeat.cohorts.cohort import Cohort
from heartfeat.errors import ExtractionError
from heartfeat.extraction.engine import run_extraction
from heartfeat.stores.store import open_store

from .small_cohorts import contents, make_cohort, write_heart

LOGMEL = LogMelSettings()
VIEWS = ("clean", "timemask", "noise20")


@pytest.fixture
def larger(tmp_path: Path) -> Cohort:
    """Enough recordings to be worth two workers."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    return make_cohort(folder, patients=5, each=4, seconds=1.0)


@pytest.mark.slow
def test_two_workers_write_what_one_writes(larger: Cohort, tmp_path: Path) -> None:
    run_extraction(larger, tmp_path / "one.h5", [LOGMEL], VIEWS)
    two = run_extraction(larger, tmp_path / "two.h5", [LOGMEL], VIEWS, devices=("cpu", "cpu"), batch_size=3)
    assert two.encoded == 20
    assert contents(tmp_path / "two.h5") == contents(tmp_path / "one.h5")


@pytest.mark.slow
def test_the_others_do_the_work_of_a_dead_worker_and_the_run_says_so(larger: Cohort, tmp_path: Path) -> None:
    store = tmp_path / "store.zarr"
    killed: list[int] = []

    def kill_one(what: str, done: int, total: int, detail: str = "") -> None:
        if done and not killed:
            victim = multiprocessing.active_children()[0]
            killed.append(victim.pid or 0)
            victim.kill()

    summary = run_extraction(
        larger, store, [LOGMEL], VIEWS, devices=("cpu", "cpu"), batch_size=1, progress=kill_one
    )

    assert len(killed) == 1
    assert len(summary.notes) == 1
    assert "died (exit code -9, which is often a lack of memory)" in summary.notes[0]
    assert summary.notes[0] in summary.lines()
    run_extraction(larger, tmp_path / "fresh.zarr", [LOGMEL], VIEWS)
    assert contents(store) == contents(tmp_path / "fresh.zarr")
    assert not multiprocessing.active_children()


@pytest.mark.slow
def test_when_all_workers_die_the_run_ends_and_the_next_one_goes_on(larger: Cohort, tmp_path: Path) -> None:
    store = tmp_path / "store.zarr"

    def kill_all(what: str, done: int, total: int, detail: str = "") -> None:
        for child in multiprocessing.active_children() if done else ():
            child.kill()

    with pytest.raises(ExtractionError, match="all workers died"):
        run_extraction(
            larger, store, [LOGMEL], VIEWS, devices=("cpu", "cpu"), batch_size=1, progress=kill_all
        )
    assert not store.exists()
    assert not multiprocessing.active_children()

    resumed = run_extraction(larger, store, [LOGMEL], VIEWS)
    run_extraction(larger, tmp_path / "fresh.zarr", [LOGMEL], VIEWS)
    assert resumed.encoded < 20
    assert contents(store) == contents(tmp_path / "fresh.zarr")


@pytest.mark.slow
def test_an_unforeseen_failure_in_a_worker_comes_with_its_traceback(larger: Cohort, tmp_path: Path) -> None:
    with pytest.raises(ExtractionError, match=r"(?s)a worker failed.*Traceback.*in worker_main"):
        run_extraction(larger, tmp_path / "s.zarr", [LOGMEL], VIEWS, devices=("meta", "meta"))


@pytest.mark.slow
def test_an_interrupt_leaves_the_old_store_and_what_is_staged(larger: Cohort, tmp_path: Path) -> None:
    store = tmp_path / "store.zarr"
    run_extraction(larger, store, [LOGMEL], ["clean"])
    before = contents(store)

    def interrupt(what: str, done: int, total: int, detail: str = "") -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_extraction(
            larger, store, [LOGMEL], VIEWS, devices=("cpu", "cpu"), batch_size=1, progress=interrupt
        )
    assert contents(store) == before
    assert not multiprocessing.active_children()
    assert run_extraction(larger, store, [LOGMEL], VIEWS).encoded < 20


RUN = """
import pickle, sys, time
from pathlib import Path
from heartfeat.backbones.settings import LogMelSettings
from heartfeat.extraction import write_behind
from heartfeat.extraction.engine import run_extraction

write_behind.COMMIT_SECONDS = 0.0

def wait_for_the_end(what, done, total, detail=""):
    if what == sys.argv[3] and done:
        print("now", flush=True)
        time.sleep(600)

cohort = pickle.loads(Path(sys.argv[1]).read_bytes())
run_extraction(cohort, sys.argv[2], [LogMelSettings()], ["clean", "timemask", "noise20"],
               batch_size=1, progress=wait_for_the_end)
"""


@pytest.mark.parametrize("moment", ["extracting", "writing logmel"])
@pytest.mark.parametrize("name", ["store.zarr", "store.h5"])
def test_a_killed_run_goes_on_where_it_stopped(
    moment: str, name: str, cohort: Cohort, tmp_path: Path
) -> None:
    """SIGKILL while staging, and while the final store is being written over an older one."""
    store = tmp_path / name
    run_extraction(cohort, store, [LOGMEL], VIEWS)
    before = contents(store)
    for number in range(4):
        write_heart(Path(cohort.recordings["path"][number]), 60 + number, 1.5)
    (tmp_path / "cohort").write_bytes(pickle.dumps(cohort))
    arguments = [sys.executable, "-c", textwrap.dedent(RUN), str(tmp_path / "cohort"), str(store), moment]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "now\n"
        os.kill(run.pid, signal.SIGKILL)
    assert contents(store) == before

    resumed = run_extraction(cohort, store, [LOGMEL], VIEWS)

    assert resumed.encoded == (0 if moment.startswith("writing") else 3)
    run_extraction(cohort, tmp_path / f"fresh-{name}", [LOGMEL], VIEWS)
    assert contents(store) == contents(tmp_path / f"fresh-{name}")
    assert not (tmp_path / f"{name}.staging").exists()
    assert open_store(store).features().done.all()
