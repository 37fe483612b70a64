"""The epochs of a neural head: steps, watching, stopping, callbacks and checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from heartfeat.errors import ConfigError
from heartfeat.heads.examples import UNLABELLED
from heartfeat.heads.monitor import Epoch, Monitor
from heartfeat.heads.neural.best_weights import BestWeights
from heartfeat.heads.neural.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from heartfeat.heads.neural.compute import current_compute
from heartfeat.heads.neural.settings import NeuralSettings
from heartfeat.heads.neural.trainer import Trainer

Net = TypeVar("Net", bound=nn.Module)


@dataclass
class Loop(Generic[Net]):
    """All epochs of one fit, from the first or from where a checkpoint left off.

    Attributes
    ----------
    settings
        How long to train and when to stop.
    trainer
        Makes the steps.
    losses
        Gives the loss of each batch of a new epoch, one after the other: a step is made before the next is drawn.
    valid_labels, judge
        ``(P,)`` class codes of the validation patients, and their posteriors ``(P, classes)`` under the averaged
        weights as they are now.
    generator
        Every random draw that is not torch's.
    monitor
        Who is told, and where checkpoints go.
    made_of
        What tells this fit from others; see `checkpoint.made_of`.
    watch_every
        Epochs between looks at the validation patients; with early stopping, every epoch is looked at.
    """

    settings: NeuralSettings
    trainer: Trainer[Net]
    losses: Callable[[], Iterator[Tensor]]
    valid_labels: np.ndarray
    judge: Callable[[], np.ndarray]
    generator: np.random.Generator
    monitor: Monitor
    made_of: Mapping[str, Any]
    watch_every: int = 1
    history: list[dict[str, float]] = field(default_factory=list)

    def run(self) -> list[dict[str, float]]:
        """Train; the averaged weights (the best ones, with early stopping) are in ``trainer.averaged`` afterwards.

        Returns
        -------
        list of dict
            Per epoch ``epoch`` and ``loss``, and where the validation patients were judged ``valid_loss`` (mean
            negative log-likelihood) and ``valid_<score>`` of the monitor's scores.
        """
        self._check()
        settings, best = self.settings, BestWeights(self.settings.patience)
        self._resume(best)
        started = time.perf_counter()
        for epoch in range(len(self.history) + 1, settings.epochs + 1):
            self.trainer.net.train()
            steps = torch.stack([self.trainer.step(loss) for loss in self.losses()])
            mean = float(np.mean(steps.tolist()))
            self.history.append({"epoch": float(epoch), "loss": mean, **self._watch(epoch)})
            stop = self._tell(time.perf_counter() - started)
            figure = self._figure()
            if stop | (figure is not None and best.look(figure, self.trainer.averaged)):
                break
            if self.monitor.checkpoint is not None and epoch < settings.epochs:
                self._keep(best)
        best.restore(self.trainer.averaged)
        return self.history

    def _check(self) -> None:
        if (
            self.settings.patience is None
            or self.settings.stop_on == "loss"
            or self.monitor.score is not None
        ):
            return
        raise ConfigError(
            f"stop_on: {self.settings.stop_on} needs scores of the validation patients; fit with "
            "`heartfeat fit`, or give the head a heartfeat.Monitor with `score`"
        )

    def _watch(self, epoch: int) -> dict[str, float]:
        """Loss and scores of the labelled validation patients; nothing where there are none, or not this epoch."""
        known = self.valid_labels != UNLABELLED
        due = self.settings.patience is not None or epoch % self.watch_every == 0
        if not known.any() or not (due or epoch == self.settings.epochs):
            return {}
        labels, posteriors = self.valid_labels[known], self.judge()[known]
        logs = np.log(np.maximum(posteriors[np.arange(len(labels)), labels], 1e-12))
        scores = self.monitor.score(labels, posteriors) if self.monitor.score else {}
        known_scores = {f"valid_{name}": float(v) for name, v in scores.items() if math.isfinite(v)}
        return {"valid_loss": float(-logs.mean()), **known_scores}

    def _figure(self) -> float | None:
        """What should fall, of the last epoch: None where nobody was judged or the score has no value."""
        value = self.history[-1].get(f"valid_{self.settings.stop_on}")
        return value if value is None or self.settings.stop_on == "loss" else -value

    def _tell(self, seconds: float) -> bool:
        epoch, epochs = len(self.history), self.settings.epochs
        self.monitor("epoch", epoch, epochs)
        rate = self.trainer.learning_rate
        values = {name: value for name, value in self.history[-1].items() if name != "epoch"}
        return self.monitor.epoch_ended(
            Epoch(
                self.settings.kind,
                self.monitor.fold,
                epoch,
                epochs,
                values,
                rate,
                seconds,
                self.monitor.inner_fold,
            )
        )

    def _keep(self, best: BestWeights) -> None:
        assert self.monitor.checkpoint is not None
        random = {"random.torch": torch.get_rng_state()}
        for gpu in current_compute().gpus:
            random["random.cuda"] = torch.cuda.get_rng_state(gpu)
        numbers = {
            "history": self.history,
            "trainer": self.trainer.numbers(),
            "best": best.numbers(),
            "generator": self.generator.bit_generator.state,
        }
        tensors = {**self.trainer.tensors(), **best.tensors(), **random}
        save_checkpoint(Checkpoint(self.made_of, tensors, numbers), self.monitor.checkpoint)

    def _resume(self, best: BestWeights) -> None:
        if self.monitor.checkpoint is None:
            return
        kept = load_checkpoint(self.monitor.checkpoint, self.made_of)
        if kept is None:
            return
        self.trainer.restore(kept.tensors, kept.numbers["trainer"])
        best.go_on(kept.tensors, kept.numbers["best"], next(self.trainer.net.parameters()).device)
        self.history[:] = kept.numbers["history"]
        self.generator.bit_generator.state = kept.numbers["generator"]
        torch.set_rng_state(kept.tensors["random.torch"])
        for gpu in current_compute().gpus:
            torch.cuda.set_rng_state(kept.tensors["random.cuda"], gpu)
