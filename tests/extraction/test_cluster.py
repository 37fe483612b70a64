import os
import signal
from pathlib import Path

import pytest

from heartfeat.backbones.settings import LogMelSettings
from heartfeat.cohorts.cohort import Cohort
from heartfeat.errors import DeviceError, RecordingError
from heartfeat.extraction.engine import run_extraction

from .small_cohorts import add_rows, contents, make_cohort

pytest.importorskip("ray", reason="Ray is not installed: extraction on a cluster is not tested")

VIEWS = ("clean", "gain-6")


def ray_workers(mark: str) -> list[int]:
    """Processes that run a piece of our work and were started with ``mark`` among their environment variables."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            name, environment = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except OSError:
            continue
        if name.startswith(b"ray::_work") and mark.encode() in environment.split(b"\0"):
            found.append(int(process.name))
    return found


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_writes_what_one_process_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    monkeypatch.setenv("HEARTFEAT_TEST_CLUSTER", str(tmp_path))
    cohort = make_cohort(folder, patients=10, each=4, seconds=4.0)
    killed: list[int] = []

    def kill_one(what: str, done: int, total: int, detail: str = "") -> None:
        for victim in ray_workers(f"HEARTFEAT_TEST_CLUSTER={tmp_path}")[:1] if not killed else ():
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

    summary = run_extraction(
        cohort,
        tmp_path / "c.zarr",
        [LogMelSettings()],
        VIEWS,
        cluster="local",
        batch_size=1,
        progress=kill_one,
    )

    assert killed
    assert any("died" in note for note in summary.notes)
    run_extraction(cohort, tmp_path / "one.zarr", [LogMelSettings()], VIEWS)
    assert contents(tmp_path / "c.zarr") == contents(tmp_path / "one.zarr")


@pytest.mark.slow
def test_errors_come_back_from_a_cluster_as_they_are(cohort: Cohort, tmp_path: Path) -> None:
    missing = ("x", "px", "px", "AV", str(tmp_path / "none.wav"), None, "Absent")
    with pytest.raises(RecordingError, match="missing file: recording x"):
        run_extraction(
            add_rows(cohort, missing),
            tmp_path / "s.zarr",
            [LogMelSettings()],
            VIEWS,
            cluster="local",
            strict=True,
        )


@pytest.mark.slow
def test_a_cluster_that_does_not_answer_is_named(cohort: Cohort, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"no Ray cluster answers at '127\.0\.0\.1:1'"):
        run_extraction(cohort, tmp_path / "s.zarr", [LogMelSettings()], VIEWS, cluster="127.0.0.1:1")
