"""A finished checkpoint on disk: written beside, put in its place in one move."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from heartfeat.errors import RunError
from heartfeat.pretraining.card import write_card
from heartfeat.pretraining.curves import draw_curves
from heartfeat.pretraining.record import TrainingRecord
from heartfeat.replace import replacing

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
    finish
        Adds to the new checkpoint, given where it lies, before it is moved.

    Raises
    ------
    RunError
        When the disk refuses.
    """
    with replacing(folder, RunError) as beside:
        with _silent():
            encoder.save_pretrained(beside)
        # safetensors lets the owner alone read what it writes; who may read the rest may read this.
        shutil.copymode(beside / "config.json", beside / "model.safetensors")
        record.write(beside)
        finish(beside)
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
