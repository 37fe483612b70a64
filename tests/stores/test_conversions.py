import numpy as np
import torch

from heartfeat.stores.conversions import as_torch, pooled_columns


def test_tensors_have_the_types_of_the_arrays():
    arrays = {
        "tokens": np.ones((2, 3), np.float16),
        "offsets": np.arange(3),
        "pooled": np.ones(2, np.float32),
    }
    tensors = as_torch(arrays)
    assert [tensor.dtype for tensor in tensors.values()] == [torch.float16, torch.int64, torch.float32]
    arrays["tokens"][1, 2] = 7
    assert tensors["tokens"][1, 2] == 7


def test_pooled_columns_are_named_by_statistic_and_feature():
    table = pooled_columns(np.arange(8, dtype=np.float32).reshape(2, 4), ["mean", "std"])
    assert table.to_dict(as_series=False) == {
        "mean_0": [0, 4],
        "mean_1": [1, 5],
        "std_0": [2, 6],
        "std_1": [3, 7],
    }
