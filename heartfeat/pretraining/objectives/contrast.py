"""Hierarchical contrast: two crops of one recording are alike as wholes, and so are their heart sounds and murmurs."""

from __future__ import annotations

import copy
from typing import TypeAlias, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from heartfeat.pretraining.crops import STATES, Pairs
from heartfeat.pretraining.objectives.objective import (
    Objective,
    PretrainableEncoder,
    follow,
    from_all,
    frozen_copy,
)
from heartfeat.pretraining.settings import ContrastSettings

LEAST_TOKENS = 1.0
"""A structure with fewer tokens in a crop than this is not compared."""

NEVER = -1e4
"""Logit of what must not count as a negative."""

NOBODY = -1
"""Whom an empty place of the queue belongs to."""

CYCLE = 0
"""Place of whole crops; S1, systole, S2 and diastole have the places behind it."""

Views: TypeAlias = dict[int, tuple[Tensor, Tensor]]
"""By place: the normalised vectors ``(B, projection)``, and which of them mean something."""

Said: TypeAlias = dict[int, tuple[Tensor, Tensor, Tensor]]
"""By place: the loss, how often the partner was the nearest, and 1 where anything was compared, else 0."""


class HierarchicalContrast(Objective):
    """InfoNCE at the level of cycles and of their sub-structures, as in PA-HCL.

    A crop's tokens are pooled over all of it (mean and standard deviation) and over S1, systole, S2 and diastole by
    themselves (means, with the states of the automatic segmenter). Both kinds of vector go through a projection of
    their own, and for each pair of crops the loss is

    ``-log( exp(z_i . z_j / t) / (exp(z_i . z_j / t) + sum over negatives k of exp(z_i . z_k / t)) )``

    with normalised ``z`` (van den Oord et al. 2018). Negatives are of other people: crops of the same batch
    (``simclr``: Chen et al., ICML 2020), or a queue of what a momentum encoder made of earlier ones (``moco``: He et
    al., CVPR 2020). A structure is compared with the same structure of other crops.

    Parameters
    ----------
    encoder
        To be trained.
    settings
        See :class:`ContrastSettings`.
    """

    def __init__(self, encoder: PretrainableEncoder, settings: ContrastSettings) -> None:
        super().__init__()
        self._settings = settings
        width = encoder.config.hidden_size
        self.projectors = nn.ModuleDict(
            {
                "cycle": projector(2 * width, settings.projection),
                "structure": projector(width, settings.projection),
            }
        )
        self.projectors["cycle"].requires_grad_(settings.cycle_weight > 0)
        self.projectors["structure"].requires_grad_(settings.structure_weight > 0)
        self.momentum_encoder: nn.Module | None = None
        if settings.method == "moco":
            self.momentum_encoder = frozen_copy(encoder)
            self.momentum_projectors = copy.deepcopy(self.projectors).requires_grad_(False)
            size = (1 + STATES, settings.queue)
            self.register_buffer("queue", torch.zeros(*size, settings.projection))
            self.register_buffer("queue_people", torch.full(size, NOBODY))
            self.register_buffer("queue_next", torch.zeros((), dtype=torch.int64))
        self.queue: Tensor
        self.queue_people: Tensor
        self.queue_next: Tensor

    def forward(
        self, encoder: PretrainableEncoder, batch: Pairs, rng: np.random.Generator
    ) -> dict[str, Tensor]:
        """``loss``, the loss of each level, and ``cycle_found``: how often a crop's partner is the nearest."""
        settings, moco = self._settings, self.momentum_encoder is not None
        asking = slice(len(batch.varied) // 2 if moco else None)
        views = self._embed(encoder, batch.varied[asking], batch.states[asking], self.projectors)
        said = self._moco(views, batch) if moco else self._simclr(views, batch)
        structures = [one for place, one in said.items() if place != CYCLE]
        figures: dict[str, Tensor] = {}
        total = torch.zeros((), device=batch.varied.device)
        if CYCLE in said:
            figures["cycle"], figures["cycle_found"], _ = said[CYCLE]
            total = total + settings.cycle_weight * figures["cycle"]
        if structures:
            losses, _, compared = (torch.stack(numbers) for numbers in zip(*structures, strict=True))
            figures["structure"] = (losses * compared).sum() / compared.sum().clamp(min=1)
            total = total + settings.structure_weight * figures["structure"]
        return {"loss": total, **figures}

    def after_step(self, encoder: PretrainableEncoder, done: float) -> None:
        """The momentum encoder follows."""
        if self.momentum_encoder is not None:
            follow(self.momentum_encoder, cast(nn.Module, encoder), self._settings.momentum)
            follow(self.momentum_projectors, self.projectors, self._settings.momentum)

    def twins(self) -> list[nn.Module]:
        """See :class:`Objective`."""
        return [] if self.momentum_encoder is None else [self.momentum_encoder]

    def _simclr(self, views: Views, batch: Pairs) -> Said:
        said: Said = {}
        for place, (vectors, present) in views.items():
            half = len(vectors) // 2
            both = (present[:half] & present[half:]).repeat(2)
            people = torch.where(both, batch.people, NOBODY)
            said[place] = self._compare(vectors, vectors.roll(half, dims=0), vectors, people, people)
        return said

    def _moco(self, queries: Views, batch: Pairs) -> Said:
        said: Said = {}
        half = len(batch.varied) // 2
        people = batch.people[:half]
        with torch.no_grad():
            momentum = cast(PretrainableEncoder, self.momentum_encoder)
            keys = self._embed(momentum, batch.varied[half:], batch.states[half:], self.momentum_projectors)
        for place, (query, asked) in queries.items():
            key, answered = keys[place]
            asking = torch.where(asked & answered, people, NOBODY)
            # Cloned, for the queue is written to before the gradient needs what was read.
            queue, of_queue = self.queue[place].clone(), self.queue_people[place].clone()
            said[place] = self._compare(query, key, queue, asking, of_queue)
            of_all = from_all(key)
            self._enqueue(place, of_all, from_all(torch.where(answered, batch.people[half:], NOBODY)))
        self.queue_next.copy_((self.queue_next + len(of_all)) % self._settings.queue)
        return said

    def _embed(
        self, encoder: PretrainableEncoder, waveform: Tensor, states: Tensor, projectors: nn.ModuleDict
    ) -> Views:
        """What crops become at each place."""
        tokens = encoder.encode(encoder.patches(waveform))[-1]
        views: Views = {}
        if self._settings.cycle_weight:
            whole = torch.cat([tokens.mean(dim=1), tokens.float().std(dim=1).to(tokens.dtype)], dim=-1)
            every = torch.ones(len(tokens), dtype=torch.bool, device=tokens.device)
            views[CYCLE] = normalize(projectors["cycle"](whole).float(), dim=-1), every
        if self._settings.structure_weight:
            shares = states[:, : tokens.shape[1]].to(tokens.dtype)
            weight = shares.sum(dim=1)
            means = shares.transpose(1, 2) @ tokens / weight.clamp(min=1e-3)[:, :, None]
            vectors = normalize(projectors["structure"](means).float(), dim=-1)
            present = weight >= LEAST_TOKENS
            views |= {1 + state: (vectors[:, state], present[:, state]) for state in range(STATES)}
        return views

    def _compare(
        self, ours: Tensor, partners: Tensor, others: Tensor, people: Tensor, of_others: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Loss of telling each of ``ours`` its partner among ``others`` of other people, and how often it is told.

        Rows of nobody do not count. Where none has anybody to be told from, the loss is 0, and so is the third number,
        which else is 1. Nothing here waits for the device.
        """
        temperature = self._settings.temperature
        somebody = people != NOBODY
        excluded = (people[:, None] == of_others[None, :]) | (of_others == NOBODY)[None, :]
        # In half precision negatives would be rounded by more than they differ, and positives would not.
        with torch.autocast(ours.device.type, enabled=False):
            negatives = (ours @ others.T / temperature).masked_fill(excluded, NEVER)
            positive = (ours * partners).sum(dim=-1, keepdim=True) / temperature
        logits = torch.cat([positive, negatives], dim=1)
        wanted = torch.zeros(len(logits), dtype=torch.int64, device=logits.device)
        losses = cross_entropy(logits, wanted, reduction="none")
        mean, found = (
            (numbers * somebody).sum() / somebody.sum().clamp(min=1)
            for numbers in (losses, (logits.argmax(dim=1) == 0).float())
        )
        return mean, found, (somebody & ~excluded.all(dim=1)).any().float()

    def _enqueue(self, place: int, keys: Tensor, people: Tensor) -> None:
        """Put embeddings in the place of the oldest; of a batch longer than the queue only the first fit."""
        count = min(len(keys), self._settings.queue)
        at = (self.queue_next + torch.arange(count, device=keys.device)) % self._settings.queue
        self.queue[place, at] = keys[:count].to(self.queue.dtype)
        self.queue_people[place, at] = people[:count]


def projector(width: int, projection: int) -> nn.Sequential:
    """Two layers that are thrown away afterwards, and keep what is only good for the comparison out of the encoder."""
    hidden = 4 * projection
    return nn.Sequential(
        nn.Linear(width, hidden), nn.LayerNorm(hidden), nn.GELU(), nn.Linear(hidden, projection)
    )
