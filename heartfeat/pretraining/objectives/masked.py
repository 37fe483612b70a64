"""Masked prediction in latent space: guess what a slowly moving twin makes of the stretches that were hidden."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, mse_loss

from heartfeat.backbones.architectures.pcg import Block, rotary_angles
from heartfeat.pretraining.crops import Pairs
from heartfeat.pretraining.objectives.objective import (
    Objective,
    PretrainableEncoder,
    follow,
    frozen_copy,
)
from heartfeat.pretraining.settings import MaskedSettings

LAST_MOMENTUM = 0.9999
"""Where the teacher's momentum ends."""

DECODER_CHANNELS = 24
"""Channels per head of the decoder, about."""


class MaskedPrediction(Objective):
    """Self-distillation with masking (data2vec 2.0: Baevski et al., ICML 2023; M2D: Niizumi et al., ICASSP 2023).

    The encoder sees the kept patches of a varied crop. A small decoder gets what it makes of them, and a learned vector
    at each hidden position, and predicts there what the teacher, a moving average of the encoder that sees the whole
    plain crop, computes: the mean of its last layers, each normalised over channels. The loss is the mean square error.

    Parameters
    ----------
    encoder
        To be trained; the teacher starts as its copy.
    settings
        See :class:`MaskedSettings`.
    token_rate
        Of the encoder (Hz).
    """

    def __init__(self, encoder: PretrainableEncoder, settings: MaskedSettings, token_rate: float) -> None:
        super().__init__()
        self._settings, self._token_rate = settings, token_rate
        self.teacher = frozen_copy(encoder)
        width, size = encoder.config.hidden_size, settings.decoder_size
        self._heads = head_count(size)
        self.enter = nn.Linear(width, size)
        self.hidden = nn.Parameter(torch.zeros(size))
        self.decoder = nn.ModuleList(Block(size, self._heads) for _ in range(settings.decoder_layers))
        self.leave = nn.Linear(size, width)
        self._channels = size // self._heads

    def forward(
        self, encoder: PretrainableEncoder, batch: Pairs, rng: np.random.Generator
    ) -> dict[str, Tensor]:
        """``loss`` and ``spread``, the targets' mean standard deviation over tokens: 0 where all is one."""
        target = self._target(batch.plain)
        patches = encoder.patches(batch.varied)
        kept, masked = (
            part.to(patches.device) for part in self._divide(patches.shape[0], patches.shape[1], rng)
        )
        seen = encoder.encode(pick(patches, kept), kept)[-1]
        positions = torch.cat([kept, masked], dim=1)
        holes = self.hidden.expand(*masked.shape, -1)
        state = torch.cat([self.enter(seen), holes.to(seen.dtype)], dim=1)
        angles = rotary_angles(positions, self._channels)
        for block in self.decoder:
            state = block(state, angles)
        guess = self.leave(state[:, kept.shape[1] :])
        loss = mse_loss(guess.float(), pick(target, masked))
        return {"loss": loss, "spread": target.std(dim=(0, 1)).mean()}

    def after_step(self, encoder: PretrainableEncoder, done: float) -> None:
        """The teacher follows, more slowly as training goes on."""
        start = self._settings.teacher_momentum
        follow(self.teacher, cast(nn.Module, encoder), start + (LAST_MOMENTUM - start) * done)

    def twins(self) -> list[nn.Module]:
        """See :class:`Objective`."""
        return [self.teacher]

    @torch.no_grad()
    def _target(self, plain: Tensor) -> Tensor:
        teacher = cast(PretrainableEncoder, self.teacher)
        states = teacher.encode(teacher.patches(plain))[1:][-self._settings.teacher_layers :]
        mean = torch.stack([layer_norm(state.float(), state.shape[-1:]) for state in states]).mean(dim=0)
        return layer_norm(mean, mean.shape[-1:])

    def _divide(self, count: int, tokens: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Numbers of the tokens to keep, ``(count, kept)``, and to hide, ``(count, hidden)``, in order."""
        low, high = (max(1, round(seconds * self._token_rate)) for seconds in self._settings.block_seconds)
        length = int(rng.integers(low, high + 1))
        # Neighbours in a moving average of noise rise and fall together: its low values are stretches.
        noise = np.cumsum(rng.standard_normal((count, tokens + length)), axis=1)
        order = np.argsort(noise[:, length:] - noise[:, :-length], axis=1)
        kept = min(tokens - 1, max(1, round(tokens * self._settings.kept)))
        parts = (np.sort(order[:, :kept], axis=1), np.sort(order[:, kept:], axis=1))
        return torch.from_numpy(parts[0]), torch.from_numpy(parts[1])


def head_count(size: int) -> int:
    """Heads that share ``size`` channels in even numbers, at least ``DECODER_CHANNELS`` each where that can be."""
    return next(n for n in range(max(1, size // DECODER_CHANNELS), 0, -1) if size % (2 * n) == 0)


def pick(tokens: Tensor, numbers: Tensor) -> Tensor:
    """``(B, n, D)`` of ``(B, tokens, D)``: those with these numbers ``(B, n)``."""
    return torch.gather(tokens, 1, numbers[:, :, None].expand(-1, -1, tokens.shape[2]))
