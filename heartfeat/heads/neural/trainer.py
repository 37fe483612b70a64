"""Optimiser, learning rate and weight average of a small training loop."""

from __future__ import annotations

import math
from typing import Generic, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

Net = TypeVar("Net", bound=nn.Module)

WARM_UP = 0.1
CLIP = 1.0
AVERAGE_EPOCHS = 2.0


class Trainer(Generic[Net]):
    """AdamW with linear warm-up and a cosine to zero, gradient clipping, and a moving average of the weights.

    Parameters
    ----------
    net
        Network to train, in place.
    steps, steps_per_epoch
        Length of the training; the moving average reaches back about two epochs.
    learning_rate, weight_decay
        Of AdamW; norms, biases and other vectors do not decay.
    """

    def __init__(
        self, net: Net, steps: int, steps_per_epoch: int, learning_rate: float, weight_decay: float
    ) -> None:
        decayed = [p for p in net.parameters() if p.dim() > 1]
        kept = [p for p in net.parameters() if p.dim() <= 1]
        groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": kept, "weight_decay": 0.0}]
        self.net = net
        self.optimiser = torch.optim.AdamW(groups, lr=learning_rate, fused=True)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda step: rate_share(step, steps)
        )
        decay = 1 - 1 / max(2.0, AVERAGE_EPOCHS * steps_per_epoch)
        self._average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)

    @property
    def averaged(self) -> Net:
        """The network with averaged weights; follows every step."""
        return cast(Net, self._average.module)

    def step(self, loss: Tensor) -> float:
        """One update from ``loss``; its value."""
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), CLIP)
        self.optimiser.step()
        self.schedule.step()
        self._average.update_parameters(self.net)
        return loss.item()


def rate_share(step: int, steps: int) -> float:
    """Share of the full learning rate at one step."""
    warm = max(1, round(WARM_UP * steps))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def weighted_cross_entropy(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy with soft targets, ``sum(w y log p) / sum(y)``; rows of zeros do not count.

    Parameters
    ----------
    logits, targets
        ``(n, classes)``.
    weights
        ``(classes,)``.
    """
    losses = -(weights * targets * torch.log_softmax(logits, dim=-1)).sum()
    return losses / targets.sum().clamp(min=1.0)
