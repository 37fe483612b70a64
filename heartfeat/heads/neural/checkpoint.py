"""Training that was interrupted, on disk: one safetensors file with JSON in its header, replaced in one move."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from heartfeat.errors import RunError
from heartfeat.heads.examples import Examples
from heartfeat.heads.fingerprint import fingerprint
from heartfeat.heads.neural.compute import current_compute
from heartfeat.messages import differences
from heartfeat.replace import replace_file

CHECKPOINT_FORMAT = 2


@dataclass(frozen=True)
class Checkpoint:
    """Everything that training goes on from.

    Attributes
    ----------
    made_of
        What is being fitted, on what: a fit goes on from a checkpoint of the very same only.
    tensors
        Weights, averages, moments, states of torch's random generators.
    numbers
        JSON-able: epoch, history, schedule, states of numpy's generators.
    """

    made_of: Mapping[str, Any]
    tensors: Mapping[str, Tensor]
    numbers: Mapping[str, Any]


def made_of(settings: Mapping[str, Any], train: Examples, valid: Examples) -> dict[str, Any]:
    """What a fit is made of, JSON-able: settings, where it is computed, and digests of what it learns from."""
    compute = current_compute()
    return {
        "settings": dict(settings),
        "device": compute.device.partition(":")[0],
        "precision": compute.precision,
        "train": fingerprint(train),
        "valid": fingerprint(valid),
    }


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write ``path``; what was there is replaced in one move."""
    header = {
        "format": CHECKPOINT_FORMAT,
        "torch": torch.__version__,
        "made_of": checkpoint.made_of,
        "numbers": checkpoint.numbers,
    }
    # A copy of each, since safetensors refuses tensors that share memory.
    tensors = {
        name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in checkpoint.tensors.items()
    }
    metadata = {"heartfeat": json.dumps(header)}
    replace_file(path, lambda beside: save_file(tensors, beside, metadata=metadata))


def load_checkpoint(path: Path, wanted: Mapping[str, Any]) -> Checkpoint | None:
    """What `save_checkpoint` wrote, or None where nothing was written yet.

    Raises
    ------
    RunError
        When the file is damaged, or is of a fit of something else than ``wanted``; names what differs.
    """
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads(file.metadata()["heartfeat"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
        found = {**header["made_of"], "format": header["format"], "torch": header["torch"]}
        numbers = header["numbers"]
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise RunError(f"the checkpoint {path} cannot be read ({error}); remove it and fit anew") from error
    expected = {**wanted, "format": CHECKPOINT_FORMAT, "torch": torch.__version__}
    if found != expected:
        raise RunError(
            f"the checkpoint {path} is of another fit ({'; '.join(differences(found, expected))}); go on with what "
            "it was made with, or begin anew: remove it, or give `heartfeat fit` --overwrite in place of --resume"
        )
    return Checkpoint(header["made_of"], tensors, numbers)
