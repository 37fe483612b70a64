import pickle
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from heartfeat.cohorts.cohort import Cohort

from .small_cohorts import make_cohort


@pytest.mark.slow
def test_extractions_killed_at_random_moments_leave_what_undisturbed_ones_leave(tmp_path: Path) -> None:
    """A few kills per container; ``scripts/kills`` does a hundred on real recordings."""
    (tmp_path / "sounds").mkdir()
    whole = make_cohort(tmp_path / "sounds", patients=5, each=4, seconds=1.0)
    names = whole.patients["patient"].to_list()
    files = [tmp_path / "before", tmp_path / "after"]
    for file, chosen in zip(files, (names[:4], names[1:]), strict=True):
        rows = pl.col("patient").is_in(chosen)
        cohort = Cohort("small", whole.recordings.filter(rows), whole.patients.filter(rows))
        file.write_bytes(pickle.dumps(cohort))
    command = [
        sys.executable,
        str(Path(__file__).with_name("kills.py")),
        "--kills",
        "2",
        "--cohorts",
        *files,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("2 kills") == 2
    assert done.stdout.count("; 0 wrong") == 2
