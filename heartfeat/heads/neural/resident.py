"""Large arrays where a network computes: brought there once, then read where they are."""

import warnings
import weakref

import numpy as np
import torch
from torch import Tensor

_SHARE = 0.5
"""Largest share of a GPU's free memory that one array may take; what is larger stays in RAM."""

_COPIES: dict[tuple[int, str], Tensor] = {}


def resident(array: np.ndarray, device: str) -> Tensor:
    """``array`` as a tensor that nobody may write to.

    On the CPU it is the array's own memory. On a GPU it is one copy for all who ask, which goes when the array goes;
    where there is too little room it stays in RAM, so look where it is.
    """
    key = (id(array), device)
    if key in _COPIES:
        return _COPIES[key]
    with warnings.catch_warnings():
        # Folds in processes share memory that is read-only, of which torch warns.
        warnings.filterwarnings("ignore", message=".*not writable", category=UserWarning)
        tensor = torch.from_numpy(array)
    if device == "cpu" or array.nbytes > _SHARE * torch.cuda.mem_get_info(device)[0]:
        return tensor
    try:
        _COPIES[key] = tensor.to(device)
    except torch.OutOfMemoryError:
        # Folds side by side may each have seen the same room.
        return tensor
    weakref.finalize(array, _COPIES.pop, key, None)
    return _COPIES[key]
