import shutil
from pathlib import Path

import pytest

from heartfeat.backbones.settings import LogMelSettings
from heartfeat.extraction.engine import run_extraction
from heartfeat.stores.sounds import verify_sounds
from heartfeat.stores.verify import verify_store

from ..extraction.small_cohorts import make_cohort, write_heart


@pytest.fixture(scope="module")
def extracted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    cohort = make_cohort(folder, patients=2)
    run_extraction(cohort, folder / "store.h5", [LogMelSettings(bands=8)], ["clean"])
    return cohort, folder / "store.h5"


@pytest.fixture
def paths(extracted, tmp_path):
    """Copies of the sound files, by recording."""
    rows = extracted[0].recordings.select("recording", "path").rows()
    return {name: shutil.copy(path, tmp_path / Path(path).name) for name, path in rows}


def test_unchanged_files_are_no_problem(extracted, paths):
    found = verify_sounds(verify_store(extracted[1]), paths)
    assert (found.damaged, found.sounds) == (False, 4)


def test_changed_missing_and_unknown_files_are_named(extracted, paths):
    write_heart(Path(paths["p0_AV"]), seed=99)
    Path(paths["p0_PV"]).unlink()
    del paths["p1_AV"]
    found = verify_sounds(verify_store(extracted[1]), paths)
    assert [(one.recording, one.remedy) for one in found.problems] == [
        ("p0_AV", "audio"),
        ("p0_PV", "audio"),
        ("p1_AV", "audio"),
    ]
    changed, missing, unknown = (one.problem for one in found.problems)
    assert changed.endswith("is another sound than the one extracted")
    assert "missing file" in missing
    assert unknown == "the cohort has no such recording"
