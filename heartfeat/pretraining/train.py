"""A whole pretraining: recordings in, a checkpoint folder out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from heartfeat.backbones.grid import Grid
from heartfeat.errors import ConfigError
from heartfeat.heads.monitor import Epoch
from heartfeat.pretraining.crops import CropDrawer
from heartfeat.pretraining.encoders import crop_grid, new_config, new_encoder
from heartfeat.pretraining.kept import Kept
from heartfeat.pretraining.loop import PretrainLoop
from heartfeat.pretraining.objectives.contrast import HierarchicalContrast
from heartfeat.pretraining.objectives.masked import MaskedPrediction
from heartfeat.pretraining.objectives.objective import Learner, Objective
from heartfeat.pretraining.probe import Probe
from heartfeat.pretraining.record import TrainingRecord, describe_data, seen_patients
from heartfeat.pretraining.settings import MaskedSettings, ObjectiveSettings, PretrainSettings
from heartfeat.pretraining.sounds import Sounds
from heartfeat.pretraining.writing import describe_checkpoint, write_checkpoint
from heartfeat.progress import DetailedProgress
from heartfeat.training.trackers import TrackedRun, Tracking, tracking
from heartfeat.version import __version__

DRAWS = 2
"""Raised when the same seed draws other crops; what was kept of earlier draws is not gone on from."""

KEPT_FILE = "resume.safetensors"


@dataclass(frozen=True)
class Pretrained:
    """A finished pretraining.

    Attributes
    ----------
    folder
        The checkpoint: ``config.json``, ``model.safetensors``, ``training.json``, ``curves.svg``, ``README.md``.
    record
        What ``training.json`` says.
    process
        Number of this process among those that trained together; number 0 wrote the checkpoint.
    """

    folder: Path
    record: TrainingRecord
    process: int = 0


def unfinished_folder(folder: Path) -> Path:
    """Where a training whose checkpoint will be ``folder`` keeps what it goes on from."""
    return folder.with_name(f"{folder.name}.unfinished")


def pretrain_encoder(
    settings: PretrainSettings,
    sounds: Sounds,
    folder: Path,
    accelerator: Any,  # noqa: ANN401 - accelerate.Accelerator
    progress: DetailedProgress,
    left_out: Mapping[str, int] = MappingProxyType({}),
    trackers: Sequence[str] = (),
) -> Pretrained:
    """Train a new encoder on recordings and write it to ``folder`` in one move, in place of what is there.

    Parameters
    ----------
    folder
        While training lasts, ``<folder>.unfinished`` holds what it goes on from.
    progress
        Called as ``progress(what, done, total, detail)``.
    left_out
        By cohort, how many patients are not among the sounds; for the record.
    trackers
        Names of experiment trackers that follow the figures.

    Raises
    ------
    ConfigError
        When there are too few people, or a crop holds a single token.
    RunError
        When what is kept of an unfinished training is of another one, or the loss is no number any more.
    """
    torch.manual_seed(settings.seed)
    config = new_config(settings.encoder)
    encoder, grid = new_encoder(config, sounds), crop_grid(config, settings.crops.seconds)
    _check_crops(settings, grid)
    learned, held_out = divide(sounds, settings.held_out, settings.seed)
    draw = CropDrawer(sounds, learned, settings.crops, grid, accelerator.device)
    learner = new_learner(settings, encoder, grid).to(accelerator.device)
    unfinished = unfinished_folder(folder)
    unfinished.mkdir(parents=True, exist_ok=True)
    described = settings.model_dump(mode="json", exclude={"data", "keep_every"})
    kept = Kept(unfinished / KEPT_FILE, made_of(described, sounds, accelerator), accelerator)
    about = TrackedRun(folder.name, "pretraining", settings.encoder.architecture, described, folder.parent)
    with tracking(trackers if accelerator.is_main_process else (), about) as opened:
        loop = PretrainLoop(
            settings,
            learner,
            draw,
            Probe(sounds, held_out, draw.samples),
            accelerator,
            kept,
            lambda step, steps, detail: progress("pretraining", step, steps, detail),
            lambda row: _track(opened, settings, row),
        )
        history = loop.run()
        opened.finish({name: value for name, value in history[-1].items() if name not in ("step", "seconds")})
    record = TrainingRecord(
        kind="pretrain",
        heartfeat=__version__,
        labels=None,
        settings=described,
        seconds=history[-1]["seconds"],
        machine=describe_machine(accelerator),
        skipped=sounds.skipped,
        history=history,
        data=describe_data(sounds, learned, held_out, _cohorts(settings, left_out)),
        **_heard(sounds, learned),
    )
    if accelerator.is_main_process:
        launch = launch_command(accelerator)
        write_checkpoint(
            encoder,
            record,
            unfinished,
            folder,
            lambda beside: describe_checkpoint(beside, folder.name, encoder, record, launch),
        )
    accelerator.wait_for_everyone()
    return Pretrained(folder, record, accelerator.process_index)


def made_of(described: Mapping[str, Any], sounds: Sounds, accelerator: Any) -> dict[str, Any]:  # noqa: ANN401
    """What tells this training from others, JSON-able: settings, digests of the recordings, where it is computed."""
    names = sha256(repr([source[:4] for source in sounds.sources]).encode())
    return {
        "settings": dict(described),
        "draws": DRAWS,
        "recordings": names.hexdigest(),
        "sounds": sha256(np.ascontiguousarray(sounds.samples).data).hexdigest(),
        "device": accelerator.device.type,
        "precision": accelerator.mixed_precision,
        "processes": accelerator.num_processes,
    }


def new_learner(settings: PretrainSettings, encoder: Any, grid: Grid) -> Learner:  # noqa: ANN401
    """The encoder with the objectives of a recipe."""
    token_rate = grid.sample_rate / grid.hop
    return Learner(
        encoder,
        [(one.kind, one.weight, new_objective(one, encoder, token_rate)) for one in settings.objectives],
    )


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
    return f"{accelerator.num_processes} x {name}, {_precision(accelerator)}, torch {torch.__version__}"


def launch_command(accelerator: Any) -> str:  # noqa: ANN401
    """The command that trains so again, without recipe and checkpoint."""
    device, processes = accelerator.device.type, accelerator.num_processes
    asked = f"--precision {_precision(accelerator)}" + (" --device cpu" if device == "cpu" else "")
    if processes == 1:
        return f"heartfeat pretrain {asked}"
    # On CPUs Accelerate's own launcher starts several processes through MPI alone.
    launcher = "torchrun --nproc_per_node" if device == "cpu" else "accelerate launch --num_processes"
    return f"{launcher} {processes} -m heartfeat pretrain {asked}"


def _precision(accelerator: Any) -> str:  # noqa: ANN401
    return "fp32" if accelerator.mixed_precision == "no" else accelerator.mixed_precision


def _heard(sounds: Sounds, learned: np.ndarray) -> dict[str, Any]:
    """Who was learned from, and how much of them."""
    samples = int(np.diff(sounds.offsets)[learned].sum())
    return {
        "seen": seen_patients([sounds.sources[r] for r in learned]),
        "recordings": len(learned),
        "hours": round(samples / sounds.sample_rate / 3600, 3),
    }


def _check_crops(settings: PretrainSettings, grid: Grid) -> None:
    if grid.frames < 2:
        raise ConfigError(
            f"a crop of {settings.crops.seconds:g} s holds a single token of {grid.hop / grid.sample_rate:g} s; "
            "make crops.seconds longer"
        )


def _cohorts(settings: PretrainSettings, left_out: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "dataset": one.cohort,
            "left_out": left_out.get(name, 0),
            "split": one.leave_out.name if one.leave_out is not None else None,
        }
        for one in settings.data
        for name in [one.name or one.cohort]
    }


def _track(trackers: Tracking, settings: PretrainSettings, row: Mapping[str, float]) -> None:
    """Tell trackers of a look, in the words that they know from heads: a step is an epoch."""
    values = {name: value for name, value in row.items() if name not in ("step", "seconds", "learning_rate")}
    epoch = Epoch(
        head=settings.encoder.architecture,
        fold=0,
        epoch=int(row["step"]),
        epochs=settings.steps,
        values=values,
        learning_rate=row["learning_rate"],
        seconds=row["seconds"],
    )
    for tracker in trackers:
        tracker(epoch)
