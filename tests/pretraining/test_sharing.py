import numpy as np

from heartfeat.pretraining.accelerating import new_accelerator
from heartfeat.pretraining.sharing import ARRAYS, find, leave, read_once

from .tiny import make_sounds


def test_what_one_process_leaves_another_finds(tmp_path):
    sounds = make_sounds()
    leave(sounds, tmp_path / "sounds")
    found = find(tmp_path / "sounds")
    assert found.sources == sounds.sources
    assert (found.sample_rate, found.skipped) == (sounds.sample_rate, sounds.skipped)
    assert all(np.array_equal(getattr(found, name), getattr(sounds, name)) for name in ARRAYS)
    assert isinstance(found.samples, np.memmap)


def test_a_process_by_itself_reads_and_leaves_nothing(tmp_path):
    sounds = make_sounds()
    assert read_once(lambda: sounds, tmp_path / "sounds", new_accelerator("cpu", "fp32")) is sounds
    assert not list(tmp_path.iterdir())
