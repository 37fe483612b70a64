import pytest

from .small import Small, save_pcg


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """A tiny encoder of heartfeat's own architecture, with random weights."""
    return save_pcg(tmp_path_factory.mktemp("encoder") / "pcg")


@pytest.fixture
def small(checkpoint, tmp_path):
    """A function that gives a fine-tuning of tones with these stages."""

    def make(stages, name="kept", **changes):
        return Small(checkpoint, tmp_path / name, stages, changes)

    return make
