"""A fitted head on disk: safetensors, JSON and plain text, never a pickle."""

import json
import shutil
from pathlib import Path

import numpy as np

from heartfeat.errors import RunError
from heartfeat.heads.head import HeadState


def save_state(state: HeadState, folder: Path) -> None:
    """Write a head's state into a new ``folder``."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True)
    (folder / "head.json").write_text(json.dumps(dict(state.settings), indent=2) + "\n", encoding="utf-8")
    if state.arrays:
        arrays = {name: np.ascontiguousarray(array) for name, array in state.arrays.items()}
        save_file(arrays, folder / "arrays.safetensors")
        # safetensors lets the owner alone read what it writes; who may read the rest may read this.
        shutil.copymode(folder / "head.json", folder / "arrays.safetensors")
    for name, text in state.texts.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")


def load_state(folder: Path) -> HeadState:
    """Read what :func:`save_state` wrote.

    Raises
    ------
    RunError
        When a file is missing or damaged; names it.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    described = folder / "head.json"
    stored = folder / "arrays.safetensors"
    try:
        settings = json.loads(described.read_text(encoding="utf-8"))
        arrays = load_file(stored) if stored.exists() else {}
        texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt"))}
    except (OSError, ValueError, SafetensorError) as error:
        raise RunError(f"the saved head in {folder} cannot be read ({error}); fit it again") from error
    return HeadState(settings=settings, arrays=arrays, texts=texts)
