import json

import pytest
import torch

from heartfeat.errors import RunError
from heartfeat.heads.neural.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

MADE_OF = {"settings": {"epochs": 2}, "train": "t"}
RANDOM = {"state": 2**127 + 1, "rate": 0.1 + 0.2}


def test_tensors_and_numbers_come_back_bit_by_bit(tmp_path):
    maps = torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    tensors = {"maps": maps, "same memory": maps, "bytes": torch.get_rng_state(), "one": torch.tensor(3.0)}
    save_checkpoint(Checkpoint(MADE_OF, tensors, RANDOM), tmp_path / "kept.safetensors")
    found = load_checkpoint(tmp_path / "kept.safetensors", MADE_OF)
    assert found.numbers == RANDOM
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in tensors.items())
    assert [path.name for path in tmp_path.iterdir()] == ["kept.safetensors"]


def test_there_is_none_before_the_first(tmp_path):
    assert load_checkpoint(tmp_path / "kept.safetensors", MADE_OF) is None


def test_a_newer_one_takes_the_place_of_an_older_one(tmp_path):
    for number in (1, 2):
        save_checkpoint(Checkpoint(MADE_OF, {"a": torch.ones(1)}, {"epoch": number}), tmp_path / "kept")
    assert load_checkpoint(tmp_path / "kept", MADE_OF).numbers == {"epoch": 2}


def test_it_is_not_a_pickle_and_can_be_read_by_eye(tmp_path):
    save_checkpoint(Checkpoint(MADE_OF, {"a": torch.ones(1)}, {}), tmp_path / "kept")
    raw = (tmp_path / "kept").read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    assert json.loads(header["__metadata__"]["heartfeat"])["made_of"] == MADE_OF


def test_one_of_another_fit_is_refused(tmp_path):
    save_checkpoint(Checkpoint(MADE_OF, {"a": torch.ones(1)}, {}), tmp_path / "kept")
    with pytest.raises(RunError, match=r"settings.epochs was 2 and is 3"):
        load_checkpoint(tmp_path / "kept", {**MADE_OF, "settings": {"epochs": 3}})
