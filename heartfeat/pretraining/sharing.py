"""Reading once for all processes: the first decodes and leaves arrays that the others map into memory."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from heartfeat.pretraining.sounds import Sounds, Source

ARRAYS = ("samples", "offsets", "states", "state_offsets")


def read_once(read: Callable[[], Sounds], folder: Path, accelerator: Any) -> Sounds:  # noqa: ANN401
    """What ``read`` gives, called by the first process only; ``folder``, which all of them see, is gone afterwards."""
    if accelerator.num_processes == 1:
        return read()
    if accelerator.is_main_process:
        sounds = read()
        leave(sounds, folder)
    accelerator.wait_for_everyone()
    if not accelerator.is_main_process:
        sounds = find(folder)
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        # A mapped file stays readable until the last process lets go of it.
        shutil.rmtree(folder)
    return sounds


def leave(sounds: Sounds, folder: Path) -> None:
    """Write sounds as one file per array."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ARRAYS:
        np.save(folder / f"{name}.npy", getattr(sounds, name))
    rest = {"sources": sounds.sources, "sample_rate": sounds.sample_rate, "skipped": sounds.skipped}
    (folder / "sounds.json").write_text(json.dumps(rest), encoding="utf-8")


def find(folder: Path) -> Sounds:
    """What `leave` wrote; the arrays are mapped, so that processes of one machine share their memory."""
    rest = json.loads((folder / "sounds.json").read_text(encoding="utf-8"))
    sources = tuple(Source(*one) for one in rest.pop("sources"))
    # Private pages: torch warns of memory that is read-only, and nobody writes to it.
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="c") for name in ARRAYS}
    return Sounds(sources=sources, **arrays, **rest)
