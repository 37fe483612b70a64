"""Optimiser, learning rate and weight average of a small training loop."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

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
    clip
        Longest gradient of a step, or None.
    groups
        AdamW's groups of parameters, where not all learn alike; None for those of `decaying`.
    """

    def __init__(
        self,
        net: Net,
        steps: int,
        steps_per_epoch: int,
        learning_rate: float,
        weight_decay: float,
        clip: float | None = CLIP,
        groups: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        groups = decaying(net.parameters(), weight_decay) if groups is None else groups
        self.net, self.clip = net, clip
        self.learning_rate = learning_rate
        self.optimiser = torch.optim.AdamW([dict(group) for group in groups], lr=learning_rate, fused=True)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda step: rate_share(step, steps)
        )
        decay = 1 - 1 / max(2.0, AVERAGE_EPOCHS * steps_per_epoch)
        self._average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)

    @property
    def averaged(self) -> Net:
        """The network with averaged weights; follows every step."""
        return cast(Net, self._average.module)

    def step(self, loss: Tensor) -> Tensor:
        """One update from ``loss``; its value, for which a GPU is not waited."""
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if self.clip is not None:
            nn.utils.clip_grad_norm_(self.net.parameters(), self.clip)
        self.learning_rate = self.optimiser.param_groups[0]["lr"]
        self.optimiser.step()
        self.schedule.step()
        self._average.update_parameters(self.net)
        return loss.detach()

    def tensors(self) -> dict[str, Tensor]:
        """All tensors that training goes on from, by name: weights, their average, and the optimiser's moments."""
        found = {f"net.{name}": tensor for name, tensor in self.net.state_dict().items()}
        found |= {f"average.{name}": tensor for name, tensor in self._average.state_dict().items()}
        for name, parameter in self.net.named_parameters():
            for key, tensor in self.optimiser.state.get(parameter, {}).items():
                found[f"optimiser.{key}.{name}"] = tensor
        return found

    def numbers(self) -> dict[str, Any]:
        """What else training goes on from, JSON-able: the learning rate and its schedule."""
        schedule = {name: value for name, value in self.schedule.state_dict().items() if name != "lr_lambdas"}
        rates = [group["lr"] for group in self.optimiser.param_groups]
        return {"schedule": schedule, "rates": rates, "learning_rate": self.learning_rate}

    def restore(self, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> None:
        """Go back to where `tensors` and `numbers` were read."""
        self.net.load_state_dict(under("net.", tensors))
        self._average.load_state_dict(under("average.", tensors))
        of_optimiser = under("optimiser.", tensors)
        for name, parameter in self.net.named_parameters():
            moments = {key: of_optimiser.get(f"{key}.{name}") for key in ("step", "exp_avg", "exp_avg_sq")}
            # The fused step walks memory, so moments need the very layout of their parameters.
            self.optimiser.state[parameter] = {
                key: torch.empty_like(parameter if key != "step" else saved, device=parameter.device).copy_(
                    saved
                )
                for key, saved in moments.items()
                if saved is not None
            }
        for group, rate in zip(self.optimiser.param_groups, numbers["rates"], strict=True):
            group["lr"] = rate
        lambdas = [None] * len(self.optimiser.param_groups)
        self.schedule.load_state_dict({**numbers["schedule"], "lr_lambdas": lambdas})
        self.learning_rate = numbers["learning_rate"]


def decaying(parameters: Iterable[nn.Parameter], weight_decay: float) -> list[dict[str, Any]]:
    """Groups for AdamW: matrices decay; norms, biases and other vectors do not."""
    given = list(parameters)
    return [
        {"params": [p for p in given if p.dim() > 1], "weight_decay": weight_decay},
        {"params": [p for p in given if p.dim() <= 1], "weight_decay": 0.0},
    ]


def rate_share(step: int, steps: int) -> float:
    """Share of the full learning rate at one step."""
    warm = max(1, round(WARM_UP * steps))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those tensors whose names begin with ``prefix``, by the rest of the name."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
