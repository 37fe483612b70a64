import pytest
import torch

from heartfeat.heads.neural.threads import one_thread


def test_torch_gets_its_threads_back_whatever_happens():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with one_thread():
            assert torch.get_num_threads() == 1
        with pytest.raises(KeyError), one_thread():
            {}["missing"]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
