from pathlib import Path

import pytest

from heartfeat.cohorts.cohort import Cohort

from .small_cohorts import make_cohort


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    """Four patients with two recordings of about two seconds each."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    return make_cohort(folder)


@pytest.fixture(params=["store.zarr", "store.h5"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where a store may go, in either container."""
    return tmp_path / request.param
