"""What a pretraining goes on from: weights, moments, random generators of every process, history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from heartfeat.heads.neural.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from heartfeat.heads.neural.trainer import under


@dataclass
class TrainingState:
    """Where a pretraining stands.

    Attributes
    ----------
    step
        The last that is done.
    seconds
        That it took to get there.
    history
        See :class:`heartfeat.pretraining.loop.PretrainLoop`.
    sums, count
        Of the figures since the last look.
    """

    step: int = 0
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    sums: dict[str, float] = field(default_factory=dict)
    count: int = 0

    def add(self, figures: Mapping[str, float]) -> None:
        """Count the figures of a step."""
        for name, value in figures.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.count += 1

    def take(self) -> dict[str, float]:
        """Means of the figures since they were last taken."""
        means = {name: total / self.count for name, total in self.sums.items()}
        self.sums, self.count = {}, 0
        return means


@dataclass(frozen=True)
class Kept:
    """The file that an unfinished pretraining is kept in.

    Attributes
    ----------
    path
        The file.
    made_of
        What tells this training from others; what is kept of another is refused.
    accelerator
        Of Accelerate. All processes call, the first writes.
    """

    path: Path
    made_of: Mapping[str, Any]
    accelerator: Any

    def save(
        self,
        reached: TrainingState,
        learner: nn.Module,
        optimiser: Any,  # noqa: ANN401
        rng: np.random.Generator,
    ) -> None:
        """Keep a training as it is after a step."""
        from accelerate.utils import gather_object

        generators = gather_object([(rng.bit_generator.state, _torch_states(self.accelerator.device))])
        if not self.accelerator.is_main_process:
            return
        tensors = {f"learner.{name}": tensor for name, tensor in learner.state_dict().items()}
        for number, state in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{key}": tensor for key, tensor in state.items()}
        for process, (_, states) in enumerate(generators):
            tensors |= {f"random.{process}.{device}": state for device, state in states.items()}
        numbers = {**vars(reached), "generators": [state for state, _ in generators]}
        save_checkpoint(Checkpoint(self.made_of, tensors, numbers), self.path)

    def load(self, learner: nn.Module, optimiser: Any, rng: np.random.Generator) -> TrainingState:  # noqa: ANN401
        """Go back to where a training was kept, or begin.

        Raises
        ------
        RunError
            When the file is damaged, or of another training; names what differs.
        """
        kept = load_checkpoint(self.path, self.made_of)
        if kept is None:
            return TrainingState()
        learner.load_state_dict(under("learner.", kept.tensors))
        states: dict[int, dict[str, torch.Tensor]] = {}
        for name, tensor in under("optimiser.", kept.tensors).items():
            number, _, key = name.partition(".")
            states.setdefault(int(number), {})[key] = tensor
        optimiser.load_state_dict({**optimiser.state_dict(), "state": states})
        numbers, process = dict(kept.numbers), self.accelerator.process_index
        rng.bit_generator.state = numbers.pop("generators")[process]
        random = under(f"random.{process}.", kept.tensors)
        torch.set_rng_state(random["cpu"])
        if "cuda" in random:
            torch.cuda.set_rng_state(random["cuda"], self.accelerator.device)
        return TrainingState(**numbers)


def _torch_states(device: torch.device) -> dict[str, torch.Tensor]:
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states
