import gc

import numpy as np
import pytest
import torch

from heartfeat.heads.neural import resident as module
from heartfeat.heads.neural.resident import resident


@pytest.mark.filterwarnings("error")
def test_on_the_cpu_it_is_the_array_s_own_memory_even_where_nobody_may_write():
    array = np.arange(6.0).reshape(2, 3)
    array.flags.writeable = False
    assert resident(array, "cpu").data_ptr() == array.ctypes.data
    assert not module._COPIES


def test_a_device_holds_one_copy_as_long_as_the_array_lives(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (1_000, 1_000))
    array = np.zeros((2, 3))
    copy = resident(array, "meta")
    assert copy.device.type == "meta"
    assert resident(array, "meta") is copy
    assert resident(array.copy(), "meta") is not copy
    del array
    gc.collect()
    assert not module._COPIES


def test_what_does_not_fit_stays_in_ram(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (90, 1_000))
    assert resident(np.zeros((2, 3)), "meta").device.type == "cpu"


def test_where_the_room_was_taken_meanwhile_it_stays_in_ram(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (1_000, 1_000))

    def taken(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(torch.Tensor, "to", taken)
    array = np.zeros((2, 3))
    assert resident(array, "meta").device.type == "cpu"
    assert not module._COPIES
