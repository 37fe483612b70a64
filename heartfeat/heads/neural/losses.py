"""Losses over classes that exclude each other, with class weights and soft targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from heartfeat.heads.neural.settings import LossName

Loss: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]
"""``loss(logits, targets, weights)``: ``(n, classes)`` twice and ``(classes,)`` to a scalar.

Targets may be soft; a row that sums to less than 1 counts by its sum, so a row of zeros (no label) does not count.
"""

FOCAL_GAMMA = 2.0
ASYMMETRIC_GAMMA = 4.0
MARGIN = 0.05
"""Asymmetric loss: other classes below this probability are taken to be right already."""


def make_loss(name: LossName, gamma: float | None = None, label_smoothing: float = 0.0) -> Loss:
    """The loss of that name, in float32 whatever the type of the logits; see `Loss` for the shapes.

    Parameters
    ----------
    gamma
        Exponent of focal and asymmetric loss; None takes those of their papers.
    label_smoothing
        Share of each target that is spread evenly over the classes, 0 to 1.
    """

    def loss(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        logits, targets = logits.float(), smoothed(targets, label_smoothing)
        if name == "focal":
            return focal(logits, targets, weights, FOCAL_GAMMA if gamma is None else gamma)
        if name == "asymmetric":
            return asymmetric(logits, targets, weights, ASYMMETRIC_GAMMA if gamma is None else gamma)
        return weighted_cross_entropy(logits, targets, weights)

    return loss


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


def focal(logits: Tensor, targets: Tensor, weights: Tensor, gamma: float) -> Tensor:
    """Cross-entropy that fades where the class is found already, ``sum(w y (1 - p)^gamma log p) / sum(y)``.

    Lin et al., "Focal loss for dense object detection", ICCV 2017, equation 5, over a softmax; gamma 0 is
    cross-entropy. It is not proper: its minimum is not at the true probabilities, but nearer to even ones. Shapes are
    those of :func:`weighted_cross_entropy`.
    """
    logs = torch.log_softmax(logits, dim=-1)
    missing = -torch.expm1(logs)
    losses = -(weights * targets * missing.clamp(min=1e-8) ** gamma * logs).sum()
    return losses / targets.sum().clamp(min=1.0)


def asymmetric(logits: Tensor, targets: Tensor, weights: Tensor, gamma: float) -> Tensor:
    """Every class against the rest, with easy negatives faded and very easy ones left out.

    Ridnik et al., "Asymmetric loss for multi-label classification", ICCV 2021, equations 4 to 7, with their gammas
    (0 for the class itself, ``gamma`` for the others) and margin, one class against the rest. Our classes exclude each
    other, so the probability of a class is that of the softmax, not of a sigmoid of its own. A row weighs what its
    label weighs. Not proper either. Shapes are those of :func:`weighted_cross_entropy`.
    """
    logs = torch.log_softmax(logits, dim=-1)
    wrong = (logs.exp() - MARGIN).clamp(min=0.0)
    weighted = weights * targets
    others = weighted.sum(-1, keepdim=True) - weighted
    faded = wrong.clamp(min=1e-8) ** gamma * torch.log1p(-wrong)
    return -(weighted * logs + others * faded).sum() / targets.sum().clamp(min=1.0)


def smoothed(targets: Tensor, share: float) -> Tensor:
    """Targets ``(n, classes)`` with ``share`` of each row's sum spread evenly.

    Szegedy et al., "Rethinking the Inception architecture for computer vision", CVPR 2016, section 7.
    """
    if not share:
        return targets
    return (1 - share) * targets + share * targets.mean(-1, keepdim=True)
