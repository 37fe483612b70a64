"""The updates of a pretraining: on one processor or several GPUs, from the first step or from where it was stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from heartfeat.heads.neural.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from heartfeat.heads.neural.trainer import rate_share
from heartfeat.pretraining.crops import CropDrawer
from heartfeat.pretraining.objectives.objective import Batch, Learner
from heartfeat.pretraining.probe import Probe
from heartfeat.pretraining.settings import PretrainSettings

BETAS = (0.9, 0.98)
"""Of AdamW; the second is shorter than for supervised training, as is usual with transformers."""

Tell = Callable[[int, int, str], None]
"""``tell(step, steps, detail)``, called after every step."""


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
        File to keep the training in and to go on from.
    made_of
        What tells this training from others; a checkpoint of another is refused.
    """

    settings: PretrainSettings
    learner: Learner
    draw: CropDrawer
    probe: Probe
    accelerator: Any
    kept: Path
    made_of: Mapping[str, Any]
    tell: Tell
    history: list[dict[str, float]] = field(default_factory=list)

    def run(self) -> list[dict[str, float]]:
        """Train the learner's encoder in place.

        Returns
        -------
        list of dict
            Every ``probe_every`` steps and at the end: ``step``, ``seconds``, ``learning_rate``, means of the losses
            and figures since the last, and what the probe saw.
        """
        settings = self.settings
        optimiser = torch.optim.AdamW(self._groups(), lr=settings.learning_rate, betas=BETAS)
        rng = np.random.default_rng([settings.seed, self.accelerator.process_index])
        learner, optimiser = self.accelerator.prepare(self.learner, optimiser)
        first, before = self._resume(optimiser, rng)
        started, sums = time.perf_counter() - before, _Means()
        if first == 0:
            self._look(0, 0.0, {}, 0.0)
        for step in range(first + 1, settings.steps + 1):
            rate = settings.learning_rate * rate_share(step - 1, settings.steps)
            for group in optimiser.param_groups:
                group["lr"] = rate
            learner.train()
            batch = Batch.of(self.draw(settings.batch, rng), self.accelerator.device)
            with self.accelerator.autocast():
                figures = learner(batch, rng)
            self._update(learner, optimiser, figures["loss"], step)
            sums.add(figures)
            seconds = time.perf_counter() - started
            self.tell(step, settings.steps, sums.text())
            last = step == settings.steps
            if step % settings.probe_every == 0 or last:
                self._look(step, seconds, sums.take(), rate)
            if step % settings.keep_every == 0 and not last:
                self._keep(step, seconds, optimiser, rng)
        return self.history

    def _groups(self) -> list[dict[str, Any]]:
        """Matrices decay; norms, biases and other vectors do not."""
        trained = [p for p in self.learner.parameters() if p.requires_grad]
        return [
            {"params": [p for p in trained if p.dim() > 1], "weight_decay": self.settings.weight_decay},
            {"params": [p for p in trained if p.dim() <= 1], "weight_decay": 0.0},
        ]

    def _update(self, learner: nn.Module, optimiser: Any, loss: torch.Tensor, step: int) -> None:  # noqa: ANN401
        optimiser.zero_grad(set_to_none=True)
        self.accelerator.backward(loss)
        self.accelerator.clip_grad_norm_(learner.parameters(), self.settings.clip)
        optimiser.step()
        self.learner.after_step(step / self.settings.steps)

    def _look(self, step: int, seconds: float, means: dict[str, float], rate: float) -> None:
        self.learner.eval()
        seen = self.probe(self.learner.encoder, self.accelerator.device)  # type: ignore[arg-type]
        row = {"step": float(step), "seconds": round(seconds, 1), "learning_rate": rate}
        self.history.append({**row, **means, **seen})

    def _keep(self, step: int, seconds: float, optimiser: Any, rng: np.random.Generator) -> None:  # noqa: ANN401
        if not self.accelerator.is_main_process:
            return
        tensors = {f"learner.{name}": tensor for name, tensor in self.learner.state_dict().items()}
        for number, state in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{key}": tensor for key, tensor in state.items()}
        tensors["random.torch"] = torch.get_rng_state()
        numbers = {
            "step": step,
            "seconds": seconds,
            "history": self.history,
            "generator": rng.bit_generator.state,
        }
        save_checkpoint(Checkpoint(self.made_of, tensors, numbers), self.kept)

    def _resume(self, optimiser: Any, rng: np.random.Generator) -> tuple[int, float]:  # noqa: ANN401
        """The last step that is done, and the seconds that it took to get there."""
        kept = load_checkpoint(self.kept, self.made_of)
        if kept is None:
            return 0, 0.0
        self.learner.load_state_dict(_under("learner.", kept.tensors))
        states: dict[int, dict[str, torch.Tensor]] = {}
        for name, tensor in _under("optimiser.", kept.tensors).items():
            number, _, key = name.partition(".")
            states.setdefault(int(number), {})[key] = tensor
        optimiser.load_state_dict({**optimiser.state_dict(), "state": states})
        torch.set_rng_state(kept.tensors["random.torch"])
        if self.accelerator.process_index == 0:
            rng.bit_generator.state = kept.numbers["generator"]
        else:
            # Other processes' draws were not kept: they go on with draws of their own that none has made before.
            rng.bit_generator.state = np.random.default_rng(
                [self.settings.seed, self.accelerator.process_index, kept.numbers["step"]]
            ).bit_generator.state
        self.history[:] = kept.numbers["history"]
        return kept.numbers["step"], kept.numbers["seconds"]


class _Means:
    """Means of figures since they were last taken."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._count = 0
        self._last = ""

    def add(self, figures: Mapping[str, torch.Tensor]) -> None:
        for name, value in figures.items():
            self._sums[name] = self._sums.get(name, 0.0) + value.item()
        self._count += 1
        self._last = f"loss {figures['loss'].item():.3f}"

    def take(self) -> dict[str, float]:
        means = {name: total / self._count for name, total in self._sums.items()}
        self._sums, self._count = {}, 0
        return means

    def text(self) -> str:
        return self._last


def _under(prefix: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
