"""A finished checkpoint on disk: written beside, put in its place in one move."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from heartfeat.pretraining.card import write_card
from heartfeat.pretraining.curves import draw_curves
from heartfeat.pretraining.record import TrainingRecord

CURVES_FILE = "curves.svg"
CARD_FILE = "README.md"


def write_checkpoint(
    encoder: Any,  # noqa: ANN401
    record: TrainingRecord,
    unfinished: Path,
    folder: Path,
    finish: Callable[[Path], None] = lambda beside: None,
) -> None:
    """Write encoder and record beside ``folder`` and move them there; ``unfinished`` goes when that is done.

    An older checkpoint in ``folder`` stays until the new one is complete.

    Parameters
    ----------
    unfinished
        Beside ``folder``.
    finish
        Adds to the new checkpoint, given where it lies, before it is moved.
    """
    beside = unfinished / "checkpoint"
    shutil.rmtree(beside, ignore_errors=True)
    with _silent():
        encoder.save_pretrained(beside)
    # safetensors lets the owner alone read what it writes; who may read the rest may read this.
    shutil.copymode(beside / "config.json", beside / "model.safetensors")
    record.write(beside)
    finish(beside)
    move_into_place(beside, folder, unfinished / "replaced")
    shutil.rmtree(unfinished)


def describe_checkpoint(
    beside: Path,
    name: str,
    encoder: Any,  # noqa: ANN401
    record: TrainingRecord,
    launch: str,
) -> None:
    """Add curves and card to a checkpoint that lies in ``beside`` and will be called ``name``."""
    (beside / CURVES_FILE).write_text(draw_curves(record.history), encoding="utf-8")
    parameters = sum(weights.numel() for weights in encoder.parameters())
    card = write_card(name, record, encoder.config.to_diff_dict(), parameters, launch)
    (beside / CARD_FILE).write_text(card, encoding="utf-8")


def move_into_place(beside: Path, folder: Path, old: Path) -> None:
    """Make ``beside`` the new ``folder``; what stood there goes to ``old``, and comes back where the move fails."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.replace(folder, old)  # noqa: PTH105 - the call whose promise is meant
    try:
        os.replace(beside, folder)  # noqa: PTH105
    except OSError:
        if old.exists():
            os.replace(old, folder)  # noqa: PTH105
        raise


@contextmanager
def _silent() -> Iterator[None]:
    """Without the bar that transformers shows while it writes the one file of a small model."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
