"""A whole pretraining: recordings in, a checkpoint folder out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from heartfeat import __version__
from heartfeat.errors import ConfigError
from heartfeat.pretraining.crops import CropDrawer
from heartfeat.pretraining.encoders import crop_grid, new_config, new_encoder
from heartfeat.pretraining.loop import PretrainLoop
from heartfeat.pretraining.objectives.contrast import HierarchicalContrast
from heartfeat.pretraining.objectives.masked import MaskedPrediction
from heartfeat.pretraining.objectives.objective import Learner, Objective
from heartfeat.pretraining.probe import Probe
from heartfeat.pretraining.record import TrainingRecord, seen_patients
from heartfeat.pretraining.settings import MaskedSettings, ObjectiveSettings, PretrainSettings
from heartfeat.pretraining.sounds import Sounds

KEPT_FILE = "resume.safetensors"

Progress = Callable[[str, int, int, str], None]


@dataclass(frozen=True)
class Pretrained:
    """A finished pretraining.

    Attributes
    ----------
    folder
        The checkpoint: ``config.json``, ``model.safetensors``, ``training.json``.
    record
        What ``training.json`` says.
    """

    folder: Path
    record: TrainingRecord


def pretrain_encoder(
    settings: PretrainSettings,
    sounds: Sounds,
    folder: Path,
    accelerator: Any,  # noqa: ANN401 - accelerate.Accelerator
    progress: Progress,
) -> Pretrained:
    """Train a new encoder on recordings and write it to ``folder`` in one move.

    Parameters
    ----------
    folder
        Must not be there yet; while training lasts, ``<folder>.unfinished`` holds what it goes on from.

    Raises
    ------
    RunError
        When what is kept of an unfinished training is of another one.
    """
    torch.manual_seed(settings.seed)
    config = new_config(settings.encoder)
    encoder, grid = new_encoder(config, sounds), crop_grid(config, settings.crops.seconds)
    learned, held_out = divide(sounds, settings.held_out, settings.seed)
    draw = CropDrawer(sounds, learned, settings.crops, grid)
    token_rate = grid.sample_rate / grid.hop
    objectives = [
        (one.kind, one.weight, new_objective(one, encoder, token_rate)) for one in settings.objectives
    ]
    learner = Learner(encoder, objectives).to(accelerator.device)
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    unfinished.mkdir(parents=True, exist_ok=True)
    described = settings.model_dump(mode="json", exclude={"data", "keep_every"})
    loop = PretrainLoop(
        settings,
        learner,
        draw,
        Probe(sounds, held_out, draw.samples),
        accelerator,
        unfinished / KEPT_FILE,
        {"settings": described, "recordings": [source.recording for source in sounds.sources]},
        lambda step, steps, detail: progress("pretraining", step, steps, detail),
    )
    history = loop.run()
    record = TrainingRecord(
        kind="pretrain",
        heartfeat=__version__,
        labels=None,
        seen=seen_patients([sounds.sources[r] for r in learned]),
        settings=described,
        recordings=len(learned),
        hours=round(float(np.diff(sounds.offsets)[learned].sum()) / sounds.sample_rate / 3600, 3),
        seconds=history[-1]["seconds"],
        machine=describe_machine(accelerator),
        skipped=sounds.skipped,
        history=history,
    )
    if accelerator.is_main_process:
        write_checkpoint(encoder, record, unfinished, folder)
    return Pretrained(folder, record)


def new_objective(settings: ObjectiveSettings, encoder: Any, token_rate: float) -> Objective:  # noqa: ANN401
    """The objective that these settings describe."""
    if isinstance(settings, MaskedSettings):
        return MaskedPrediction(encoder, settings, token_rate)
    return HierarchicalContrast(encoder, settings)


def divide(sounds: Sounds, held_out: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the recordings to learn from, and of those of held-out people.

    Raises
    ------
    ConfigError
        When there are too few people for both.
    """
    person_of = [(source.cohort, source.person) for source in sounds.sources]
    people = sorted(set(person_of))
    count = round(held_out * len(people))
    if len(people) - count < 2:
        raise ConfigError(f"pretraining needs recordings of at least 2 people besides {count} held out")
    order = np.random.default_rng(seed).permutation(len(people))
    outside = {people[number] for number in order[:count]}
    out = np.array([person in outside for person in person_of])
    return np.flatnonzero(~out), np.flatnonzero(out)


def describe_machine(accelerator: Any) -> str:  # noqa: ANN401
    """Device, processes, threads and precision."""
    device = accelerator.device
    name = (
        torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"{torch.get_num_threads()} CPU threads"
    )
    return f"{accelerator.num_processes} x {name}, {accelerator.mixed_precision}, torch {torch.__version__}"


def write_checkpoint(
    encoder: Any,  # noqa: ANN401 - any architecture
    record: TrainingRecord,
    unfinished: Path,
    folder: Path,
    add: Callable[[Path], object] | None = None,
) -> None:
    """Write the checkpoint beside and rename it, so that a folder of that name is a whole one.

    Parameters
    ----------
    unfinished
        Folder of what the training went on from; removed at the end.
    add
        Writes more files into the folder that it is given.
    """
    beside = unfinished / "checkpoint"
    shutil.rmtree(beside, ignore_errors=True)
    encoder.save_pretrained(beside)
    record.write(beside)
    if add is not None:
        add(beside)
    folder.parent.mkdir(parents=True, exist_ok=True)
    os.replace(beside, folder)  # noqa: PTH105 - the call whose promise is meant
    shutil.rmtree(unfinished)
