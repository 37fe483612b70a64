import pickle
from pathlib import Path

import pytest

from heartfeat.backbones.settings import LogMelSettings
from heartfeat.cohorts.cohort import Cohort
from heartfeat.extraction.engine import run_extraction

from ..stores.processes import FULL, UNPRIVILEGED, run_python
from .small_cohorts import contents, make_cohort

RUN = """
import pickle, sys
from pathlib import Path
from heartfeat.backbones.settings import LogMelSettings
from heartfeat.errors import HeartfeatError
from heartfeat.extraction.engine import run_extraction

cohort = pickle.loads(Path(sys.argv[1]).read_bytes())
try:
    run_extraction(cohort, sys.argv[2], [LogMelSettings()], sys.argv[3].split(","))
except HeartfeatError as error:
    sys.exit(f"told: {error}")
"""

REMEDY = "Make room or permission for it, then run the same command again"


@pytest.fixture
def stored(tmp_path: Path, uri: Path) -> Cohort:
    """A cohort whose store holds the clean view; another view is more than 300,000 bytes."""
    (tmp_path / "sounds").mkdir()
    cohort = make_cohort(tmp_path / "sounds", patients=2, each=4, seconds=9.0)
    run_extraction(cohort, uri, [LogMelSettings()], ["clean"])
    (tmp_path / "cohort").write_bytes(pickle.dumps(cohort))
    return cohort


def test_a_disk_that_fills_up_leaves_the_old_store_and_room_lets_the_run_go_on(
    stored: Cohort, uri: Path, tmp_path: Path
) -> None:
    before = contents(uri)

    full = run_python(RUN, tmp_path / "cohort", uri, "clean,gain-6,gain+6", limit=FULL)

    assert full.returncode == 1
    assert full.stderr.startswith("told: ")
    assert REMEDY in full.stderr
    assert "Traceback" not in full.stderr
    assert contents(uri) == before
    run_extraction(stored, uri, [LogMelSettings()], ["clean", "gain-6", "gain+6"])
    fresh = tmp_path / f"fresh{uri.suffix}"
    run_extraction(stored, fresh, [LogMelSettings()], ["clean", "gain-6", "gain+6"])
    assert contents(uri) == contents(fresh)
    assert not list(tmp_path.glob("*.staging"))


def test_a_folder_that_may_not_be_written_leaves_the_old_store(
    stored: Cohort, uri: Path, tmp_path: Path
) -> None:
    before = contents(uri)
    tmp_path.chmod(0o555)
    try:
        refused = run_python(RUN, tmp_path / "cohort", uri, "clean,gain-6", limit=UNPRIVILEGED)
    finally:
        tmp_path.chmod(0o755)
    assert refused.returncode == 1
    assert "Permission denied" in refused.stderr
    assert REMEDY in refused.stderr
    assert "Traceback" not in refused.stderr
    assert contents(uri) == before
