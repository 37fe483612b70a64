"""A whole fine-tuning: a backbone and a fold's labelled recordings in, a checkpoint folder out."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from heartfeat.backbones.encoder import PooledLayers
from heartfeat.backbones.settings import TransformersSettings
from heartfeat.backbones.trained_on import TRAINING_FILE
from heartfeat.backbones.transformers_audio import load_with_model
from heartfeat.finetuning.crops import Crops
from heartfeat.finetuning.layers import layer_list, layer_numbers
from heartfeat.finetuning.net import FinetuneNet
from heartfeat.finetuning.settings import FinetuneSettings
from heartfeat.finetuning.sides import Sides
from heartfeat.finetuning.stages import Stages
from heartfeat.heads.monitor import Scorer
from heartfeat.heads.neural.bags import one_hot
from heartfeat.heads.neural.class_weights import loss_weights
from heartfeat.heads.neural.compute import Compute, computing
from heartfeat.pretraining.record import TrainingRecord, seen_patients
from heartfeat.pretraining.sounds import Sounds, read_sounds
from heartfeat.pretraining.writing import write_checkpoint
from heartfeat.progress import Progress
from heartfeat.tasks import Task
from heartfeat.version import __version__


@dataclass(frozen=True)
class Finetuned:
    """A finished fine-tuning.

    Attributes
    ----------
    folder
        The checkpoint.
    record
        What ``training.json`` says.
    backbone
        Settings of the backbone with the new weights, as they go into a config.
    """

    folder: Path
    record: TrainingRecord
    backbone: TransformersSettings


@dataclass(frozen=True)
class Plan:
    """What is fine-tuned, on what.

    Attributes
    ----------
    backbone
        Settings of the backbone as it is.
    described
        JSON-able: task, fold and whatever else the record should say of where labels come from.
    score
        Scores of validation recordings, for picking the best epoch.
    add
        Writes more files into the checkpoint.
    """

    settings: FinetuneSettings
    backbone: TransformersSettings
    task: Task
    sides: Sides
    described: Mapping[str, Any]
    score: Scorer
    compute: Compute
    jobs: int
    add: Callable[[Path], object]


def finetune_backbone(plan: Plan, folder: Path, progress: Progress) -> Finetuned:
    """Fine-tune a backbone and write its checkpoint to ``folder`` in one move.

    Parameters
    ----------
    folder
        Replaced where it is there; while training lasts, ``<folder>.unfinished`` holds what it goes on from.

    Raises
    ------
    BackboneError
        When the backbone cannot be loaded.
    ConfigError
        When nothing can be learned from, or class weights do not fit the task.
    RunError
        When what is kept of an unfinished training is of another one.
    """
    window_seconds = plan.settings.crop_seconds or plan.backbone.window_seconds
    cut = plan.backbone.model_copy(update={"window_seconds": window_seconds, "windows": "fixed"})
    backbone, model, place = load_with_model(cut)
    sounds = read_sounds(
        plan.sides.sources, backbone.spec.preprocessing, plan.jobs, progress, segmented=False
    )
    train, _ = plan.sides.places(sounds)
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    unfinished.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    with computing(plan.compute), torch.random.fork_rng(plan.compute.gpus), _unmasked(model):
        torch.manual_seed(plan.settings.seed)
        net = FinetuneNet(_pooled(backbone.model), backbone.spec.channels, len(plan.task.classes))
        stages = _stages(plan, net.to(plan.compute.device), sounds, backbone.spec, unfinished, progress)
        history = stages.run()
    lengths = np.diff(sounds.offsets)
    record = TrainingRecord(
        kind="finetune",
        heartfeat=__version__,
        labels=plan.task.name,
        seen=seen_patients(sounds.sources),
        settings={**plan.described, **plan.settings.model_dump(mode="json")},
        recordings=len(train),
        hours=round(float(lengths[train].sum()) / sounds.sample_rate / 3600, 3),
        seconds=round(time.perf_counter() - started, 1),
        machine=f"{plan.compute.device}, {plan.compute.precision}, torch {torch.__version__}",
        skipped=sounds.skipped,
        history=history,
        source={
            "name": backbone.spec.identifier,
            "weights": backbone.spec.weights_digest,
            "training": _training(place),
        },
    )
    write_checkpoint(model.to("cpu"), record, unfinished, folder, lambda beside: _add(plan, place, beside))
    return Finetuned(folder, record, _tuned(plan, folder))


def _stages(
    plan: Plan,
    net: FinetuneNet,
    sounds: Sounds,
    spec: Any,  # noqa: ANN401 - a BackboneSpec
    unfinished: Path,
    progress: Progress,
) -> Stages:
    settings, (train, valid), codes = plan.settings, plan.sides.places(sounds), plan.sides.codes(sounds)
    encoder, classes = net.backbone.encoder, plan.task.classes
    depth = net.backbone.depth
    layers = len(layer_list(encoder, depth)[1])
    made_of = {
        "settings": settings.model_dump(mode="json"),
        "backbone": spec.core(),
        "device": plan.compute.device.partition(":")[0],
        "precision": plan.compute.precision,
        "recordings": _fingerprint(sounds, codes, valid),
    }
    return Stages(
        settings=settings,
        net=net,
        numbers=layer_numbers(encoder, depth),
        # Where layers are not all of one kind, there are hidden states of the last one only.
        last=max(spec.layers) if layers == depth else layers,
        crops=Crops(
            sounds, train, one_hot(codes, len(classes)), spec.window.samples, settings.batch, settings.mixup
        ),
        valid=valid,
        valid_labels=codes[valid],
        window=spec.window,
        weights=loss_weights(codes[train], classes, settings.class_weights),
        score=plan.score,
        kept=unfinished,
        made_of=made_of,
        tell=progress,
    )


def _fingerprint(sounds: Sounds, codes: np.ndarray, valid: np.ndarray) -> str:
    digest = hashlib.sha256(repr([tuple(source)[:4] for source in sounds.sources]).encode())
    for array in (sounds.samples, codes, valid):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _pooled(model: Any) -> PooledLayers:  # noqa: ANN401 - a torch module
    assert isinstance(model, PooledLayers)
    return model


@contextlib.contextmanager
def _unmasked(model: Any) -> Iterator[None]:  # noqa: ANN401 - any architecture
    """Without the masks that some encoders put on their input in training: they are drawn by numpy's global generator,
    which no checkpoint keeps, and are longer than short crops."""
    configs = [one.config for one in model.modules() if hasattr(one, "config")]
    masked = [one for one in configs if getattr(one, "apply_spec_augment", False)]
    for one in masked:
        one.apply_spec_augment = False
    try:
        yield
    finally:
        for one in masked:
            one.apply_spec_augment = True


def _training(place: Path) -> Any:  # noqa: ANN401 - JSON
    """What the source checkpoint says of its own training; None where it says nothing."""
    path = place / TRAINING_FILE
    record = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    return record if isinstance(record, dict) and "heartfeat" in record else None


def _add(plan: Plan, place: Path, beside: Path) -> None:
    front_end = place / "preprocessor_config.json"
    if front_end.is_file():
        shutil.copy(front_end, beside)
    plan.add(beside)


def _tuned(plan: Plan, folder: Path) -> TransformersSettings:
    name = f"{plan.backbone.name}-{plan.task.name}-fold{plan.described['fold']}"
    return plan.backbone.model_copy(update={"name": name, "model": str(folder)})
