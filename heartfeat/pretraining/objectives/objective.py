"""What every objective offers, and what it asks of an encoder."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Protocol, Self, cast

import numpy as np
import torch
from torch import Tensor, distributed, nn

from heartfeat.pretraining.crops import Pairs


class PretrainableEncoder(Protocol):
    """An encoder that can be run on some of its patches.

    Attributes
    ----------
    config
        Has ``hidden_size`` and ``num_hidden_layers``.
    """

    config: Any

    def patches(self, waveform: Tensor) -> Tensor:
        """``(B, samples)`` audio to ``(B, tokens, numbers)``: what becomes one token each."""
        ...

    def encode(self, patches: Tensor, positions: Tensor | None = None) -> list[Tensor]:
        """Hidden states ``(B, n, hidden_size)`` of all layers, of patches that stand at ``positions`` ``(B, n)``."""
        ...


class Objective(nn.Module):
    """A loss over batches, with the networks that it needs besides the encoder, which all objectives share."""

    def forward(
        self, encoder: PretrainableEncoder, batch: Pairs, rng: np.random.Generator
    ) -> dict[str, Tensor]:
        """``loss``, and other figures worth watching, each a scalar."""
        raise NotImplementedError

    def after_step(self, encoder: PretrainableEncoder, done: float) -> None:
        """Called after every update, with the share of the training that is done."""

    def twins(self) -> list[nn.Module]:
        """Networks that only follow: they never drop anything, and normalise as they would when in use."""
        return []

    def train(self, mode: bool = True) -> Self:
        """Training mode for all but the twins."""
        super().train(mode)
        for twin in self.twins():
            twin.eval()
        return self


class Learner(nn.Module):
    """An encoder and its objectives as one network, so that one call gives the loss on every process.

    Parameters
    ----------
    encoder
        What is trained.
    objectives
        By kind, each with its weight.
    """

    def __init__(self, encoder: nn.Module, objectives: Sequence[tuple[str, float, Objective]]) -> None:
        super().__init__()
        self.encoder = encoder
        self.objectives = nn.ModuleDict({kind: objective for kind, _, objective in objectives})
        self._weights = {kind: weight for kind, weight, _ in objectives}

    def forward(self, batch: Pairs, rng: np.random.Generator) -> dict[str, Tensor]:
        """``loss`` (the weighted sum) and every objective's figures as ``<kind>_<figure>``."""
        total = torch.zeros((), device=batch.varied.device)
        figures: dict[str, Tensor] = {}
        for kind, objective in self.objectives.items():
            found = objective(self.encoder, batch, rng)
            total = total + self._weights[kind] * found["loss"]
            figures |= {f"{kind}_{name}": value.detach() for name, value in found.items()}
        return {"loss": total, **figures}

    def after_step(self, done: float) -> None:
        """Let every objective follow the encoder."""
        for objective in self.objectives.values():
            assert isinstance(objective, Objective)
            objective.after_step(self.encoder, done)  # type: ignore[arg-type]


def frozen_copy(encoder: PretrainableEncoder) -> nn.Module:
    """A twin whose weights no optimiser moves."""
    return cast(nn.Module, copy.deepcopy(encoder)).requires_grad_(False).eval()


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, momentum: float) -> None:
    """Move ``average`` towards ``network``: ``momentum`` of its weights stays, running statistics are taken over."""
    for mean, now in zip(average.parameters(), network.parameters(), strict=True):
        mean.lerp_(now, 1 - momentum)
    for held, own in zip(average.buffers(), network.buffers(), strict=True):
        held.copy_(own)


def from_all(rows: Tensor) -> Tensor:
    """``(n, ...)`` rows of this process to ``(processes x n, ...)`` of all, the same on each; without gradient."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return rows
    parts = [torch.empty_like(rows) for _ in range(distributed.get_world_size())]
    distributed.all_gather(parts, rows.contiguous())
    return torch.cat(parts)
