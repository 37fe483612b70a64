"""The updates of a pretraining: on one processor or several GPUs, from the first step or from where it was stopped."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from heartfeat.errors import RunError
from heartfeat.heads.neural.trainer import decaying, rate_share
from heartfeat.pretraining.crops import CropDrawer
from heartfeat.pretraining.kept import Kept, TrainingState
from heartfeat.pretraining.objectives.objective import Learner
from heartfeat.pretraining.probe import Probe
from heartfeat.pretraining.settings import PretrainSettings

BETAS = (0.9, 0.98)
"""Of AdamW; the second is shorter than for supervised training, as is usual with transformers."""

READ_EVERY = 20
"""Steps on a GPU whose figures are read together: to read is to wait for it."""

Tell = Callable[[int, int, str], None]
"""``tell(step, steps, detail)``, called whenever figures were read: after every step on a CPU."""

Watch = Callable[[dict[str, float]], None]
"""Called with every new row of the history."""


@dataclass
class PretrainLoop:
    """All steps of one pretraining.

    Attributes
    ----------
    settings
        Of the training.
    learner
        Encoder and objectives.
    draw
        Gives the pairs of a step.
    probe
        Watches for collapse.
    accelerator
        Of Accelerate: devices, precision, processes.
    kept
        Where the training is kept and goes on from.
    tell, watch
        Called whenever figures were read, and after every look.
    """

    settings: PretrainSettings
    learner: Learner
    draw: CropDrawer
    probe: Probe
    accelerator: Any
    kept: Kept
    tell: Tell
    watch: Watch = lambda row: None

    def run(self) -> list[dict[str, float]]:
        """Train the learner's encoder in place.

        Returns
        -------
        list of dict
            Every ``probe_every`` steps and at the end: ``step``, ``seconds``, ``learning_rate``, means of the losses
            and figures since the last (of the first process's crops), and what the probe saw.

        Raises
        ------
        RunError
            When the loss is no number any more, or what is kept is of another training.
        """
        settings, process = self.settings, self.accelerator.process_index
        groups = decaying((p for p in self.learner.parameters() if p.requires_grad), settings.weight_decay)
        optimiser = torch.optim.AdamW(groups, lr=settings.learning_rate, betas=BETAS)
        rng = np.random.default_rng([settings.seed, process])
        if process:
            # Weights were drawn alike everywhere; what is dropped of a batch should not be.
            torch.manual_seed(settings.seed + process)
        learner, optimiser = self.accelerator.prepare(self.learner, optimiser)
        state = self.kept.load(self.learner, optimiser, rng)
        started = time.perf_counter() - state.seconds
        if state.step == 0:
            self._look(state, 0.0)
        unread: list[dict[str, torch.Tensor]] = []
        together = READ_EVERY if self.accelerator.device.type == "cuda" else 1
        for step in range(state.step + 1, settings.steps + 1):
            rate = settings.learning_rate * rate_share(step - 1, settings.steps)
            unread.append(self._step(learner, optimiser, rng, step, rate))
            last = step == settings.steps
            look = step % settings.probe_every == 0 or last
            keep = step % settings.keep_every == 0 and not last
            if len(unread) == together or look or keep:
                self._read(unread, state, step)
            state.step, state.seconds = step, time.perf_counter() - started
            if look:
                self._look(state, rate)
            if keep:
                self.kept.save(state, self.learner, optimiser, rng)
        return state.history

    def _step(
        self,
        learner: nn.Module,
        optimiser: Any,  # noqa: ANN401
        rng: np.random.Generator,
        step: int,
        rate: float,
    ) -> dict[str, torch.Tensor]:
        """One update; its figures, on the device."""
        for group in optimiser.param_groups:
            group["lr"] = rate
        learner.train()
        batch = self.draw(self.settings.batch, rng)
        with self.accelerator.autocast():
            figures = learner(batch, rng)
        optimiser.zero_grad(set_to_none=True)
        self.accelerator.backward(figures["loss"])
        self.accelerator.clip_grad_norm_(learner.parameters(), self.settings.clip)
        optimiser.step()
        self.learner.after_step(step / self.settings.steps)
        return {name: value.detach() for name, value in figures.items()}

    def _read(self, unread: list[dict[str, torch.Tensor]], state: TrainingState, step: int) -> None:
        """Count the figures of the steps up to this one, and forget them."""
        first = step - len(unread) + 1
        for number, figures in enumerate(unread, first):
            found = {name: value.item() for name, value in figures.items()}
            if not math.isfinite(found["loss"]):
                raise RunError(
                    f"the loss of step {number} is {found['loss']}; lower learning_rate, or set clip lower, and begin "
                    f"anew: remove {self.kept.path.parent}"
                )
            state.add(found)
        unread.clear()
        self.tell(step, self.settings.steps, f"loss {found['loss']:.3f}")

    def _look(self, state: TrainingState, rate: float) -> None:
        """Add a row to the history."""
        self.learner.eval()
        seen = self.probe(self.learner.encoder, self.accelerator.device)  # type: ignore[arg-type]
        row = {"step": float(state.step), "seconds": round(state.seconds, 1), "learning_rate": rate}
        state.history.append({**row, **state.take(), **seen})
        self.watch(state.history[-1])
