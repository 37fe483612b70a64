"""The stages of a fine-tuning: each a training of its own that begins with the best weights so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from heartfeat.backbones.windows import Window
from heartfeat.errors import ConfigError
from heartfeat.finetuning.crops import Crops, judge
from heartfeat.finetuning.layers import learning, rate_groups
from heartfeat.finetuning.net import FinetuneNet
from heartfeat.finetuning.settings import FinetuneSettings, StageSettings
from heartfeat.heads.monitor import Monitor, Scorer
from heartfeat.heads.neural.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from heartfeat.heads.neural.class_weights import posterior
from heartfeat.heads.neural.compute import current_compute, moved
from heartfeat.heads.neural.loop import Loop
from heartfeat.heads.neural.losses import make_loss
from heartfeat.heads.neural.settings import NeuralSettings
from heartfeat.heads.neural.trainer import Trainer
from heartfeat.progress import Progress


@dataclass
class Stages:
    """All stages, from the first or from where an earlier run was stopped.

    Attributes
    ----------
    settings
        Of the training.
    net
        What is trained, in place, on the device that is computed on.
    numbers, last
        Layer by name of the encoder's weights, and the last layer that is heard.
    crops
        What is learned from.
    valid, valid_labels
        ``(n,)`` numbers and class codes of the validation recordings.
    window
        How validation recordings are cut.
    weights
        ``(classes,)`` class weights.
    score
        Scores of the validation recordings.
    kept
        Folder to keep the training in and to go on from.
    made_of
        What tells this training from others.
    """

    settings: FinetuneSettings
    net: FinetuneNet
    numbers: dict[str, int]
    last: int
    crops: Crops
    valid: np.ndarray
    valid_labels: np.ndarray
    window: Window
    weights: np.ndarray
    score: Scorer
    kept: Path
    made_of: Mapping[str, Any]
    tell: Progress
    history: list[dict[str, float]] = field(default_factory=list)
    lowest: float | None = None
    best: dict[str, Tensor] = field(default_factory=dict)

    def run(self) -> list[dict[str, float]]:
        """Train; the weights of the best epoch of all stages are in ``net`` afterwards.

        Returns
        -------
        list of dict
            Per epoch ``stage``, ``epoch``, ``loss``, ``valid_loss`` and ``valid_<score>``; ``best`` is 1 where the
            weights come from.

        Raises
        ------
        ConfigError
            When the weights have become infinite.
        RunError
            When what is kept is of another training.
        """
        for number, stage in enumerate(self.settings.stages):
            if not self._finished(number):
                self._train(number, stage)
        return self.history

    def _train(self, number: int, stage: StageSettings) -> None:
        torch.manual_seed((self.settings.seed + number) % 2**63)
        generator = np.random.default_rng([self.settings.seed, number])
        self.net.let_learn(learning(stage, self.numbers, self.last))
        trainer = self._trainer(stage)
        where = f"stage {number + 1} of {len(self.settings.stages)} ({stage.train})"
        monitor = Monitor(
            progress=lambda what, done, total: self.tell(f"{where}: {what}", done, total),
            score=self.score,
            checkpoint=self._file(number, "unfinished"),
        )
        rows = Loop(
            self._of_loop(stage),
            trainer,
            lambda: self._losses(generator),
            self.valid_labels,
            lambda: self._judge(trainer.averaged),
            generator,
            monitor,
            {**self.made_of, "stage": number},
        ).run()
        self._take_best(number, trainer.averaged, rows)
        self._keep(number)

    def _trainer(self, stage: StageSettings) -> Trainer[FinetuneNet]:
        settings, batches = self.settings, self.crops.batches
        return Trainer(
            self.net,
            stage.epochs * batches,
            batches,
            settings.head_learning_rate,
            settings.weight_decay,
            settings.clip,
            rate_groups(self.net.head, self.net.backbone.encoder, self.numbers, self.last, settings),
        )

    def _of_loop(self, stage: StageSettings) -> NeuralSettings:
        """Settings of the loop: it never stops early, and keeps the best epoch."""
        return NeuralSettings(
            kind="finetune", epochs=stage.epochs, patience=stage.epochs, stop_on=self.settings.stop_on
        )

    def _losses(self, generator: np.random.Generator) -> Iterator[Tensor]:
        settings, compute = self.settings, current_compute()
        loss = make_loss(settings.loss, settings.gamma, settings.label_smoothing)
        weights = torch.from_numpy(self.weights).float().to(compute.device)
        for batch in self.crops.epoch(generator):
            crops, targets = moved(batch, compute.device)
            with compute.autocast():
                logits = self.net(crops)
            yield loss(logits, targets, weights)

    def _judge(self, net: FinetuneNet) -> np.ndarray:
        said = judge(net, self.crops.sounds, self.valid, self.window, self.settings.batch)
        if not np.isfinite(said).all():
            raise ConfigError(
                "the fine-tuning has diverged; lower finetune.learning_rate or finetune.head_learning_rate"
            )
        return posterior(said, self.weights)

    def _take_best(self, number: int, averaged: FinetuneNet, rows: list[dict[str, float]]) -> None:
        """Give ``net`` the stage's best weights, or those of an earlier stage where these are no better."""
        sign = 1 if self.settings.stop_on == "loss" else -1
        seen = [
            (sign * row[f"valid_{self.settings.stop_on}"], at)
            for at, row in enumerate(rows)
            if f"valid_{self.settings.stop_on}" in row
        ]
        # Without a figure, such as the AUROC of a single class, the last epoch is as good as any.
        lowest, at = min(seen) if seen else (None, len(rows) - 1)
        better = self.lowest is None or (lowest is not None and lowest < self.lowest)
        rows = [
            {"stage": number + 1.0, **row, "best": float(better and n == at)} for n, row in enumerate(rows)
        ]
        if better:
            self.lowest, self.best = lowest, _copied(averaged)
            self.history[:] = [{**row, "best": 0.0} for row in self.history]
        self.history += rows
        self.net.load_state_dict(self.best)

    def _file(self, number: int, what: str) -> Path:
        return self.kept / f"stage{number + 1}-{what}.safetensors"

    def _keep(self, number: int) -> None:
        numbers = {"history": self.history, "lowest": self.lowest}
        done = Checkpoint({**self.made_of, "stage": number}, self.best, numbers)
        save_checkpoint(done, self._file(number, "done"))
        self._file(number, "unfinished").unlink(missing_ok=True)

    def _finished(self, number: int) -> bool:
        """Whether an earlier run finished that stage; if so, ``net`` gets what it came to."""
        done = load_checkpoint(self._file(number, "done"), {**self.made_of, "stage": number})
        if done is None:
            return False
        self.history[:], self.lowest = done.numbers["history"], done.numbers["lowest"]
        self.best = dict(done.tensors)
        self.net.load_state_dict(self.best)
        return True


def _copied(net: FinetuneNet) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in net.state_dict().items()}
