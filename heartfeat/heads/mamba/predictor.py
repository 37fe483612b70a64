"""Probabilities of whole recordings and of patients, from fixed crops."""

import numpy as np
import torch
from torch import Tensor

from heartfeat.heads.examples import Examples
from heartfeat.heads.mamba.crops import CropCutter
from heartfeat.heads.mamba.net import MambaFormerNet
from heartfeat.heads.neural.bags import slots_of
from heartfeat.heads.neural.class_weights import posterior

DRAWS = 8
"""Patient probabilities are means over this many choices of one crop per recording.

The patient classifier alone decides: on validation patients no blend with a rule over the recordings' own
probabilities (highest, mean or noisy-or of Present) had a better likelihood.
"""

_CROPS_AT_ONCE = 64


class Predictor:
    """A fitted network together with the patients that it is to judge.

    Parameters
    ----------
    net, cutter, examples
        The network, and the patients with their crops.
    sites, metadata
        ``(recordings,)`` site codes and ``(patients, metadata)`` encoded metadata.
    weights
        ``(classes,)`` class weights of the loss, to be taken out of the probabilities.
    """

    def __init__(
        self,
        net: MambaFormerNet,
        cutter: CropCutter,
        examples: Examples,
        sites: np.ndarray,
        metadata: np.ndarray,
        weights: np.ndarray,
    ) -> None:
        self.net, self.cutter, self.weights = net.eval(), cutter, weights
        self.patient_of = examples.patient_of
        self.patients = len(examples.patients)
        self.sites, self.metadata = torch.from_numpy(sites), torch.from_numpy(metadata)
        self.crop_recordings, self.crop_starts = cutter.grid()

    @torch.no_grad()
    def view(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Posterior of one view: ``(patients, classes)`` and ``(recordings, classes)`` float64."""
        vectors = self._encode(number)
        of_crops = _probabilities(self.net.recording_logits(vectors), self.weights)
        return self._patients(vectors), self._mean_over_crops(of_crops)

    @torch.no_grad()
    def extra(self, number: int) -> dict[str, np.ndarray]:
        """Probabilities of every auxiliary task under one view: ``(patients, its classes)`` float64 by name."""
        vectors, slots = self._encode(number), torch.from_numpy(slots_of(self.patient_of, self.patients))
        draws = [
            self.net.extra_logits(vectors[crop], self.sites, slots, self.metadata) for crop in self._draws()
        ]
        even = {name: np.ones(logits.shape[1]) for name, logits in draws[0].items()}
        return {
            name: np.mean([_probabilities(logits[name], ones) for logits in draws], axis=0)
            for name, ones in even.items()
        }

    def _encode(self, view: int) -> Tensor:
        parts = []
        for first in range(0, len(self.crop_recordings), _CROPS_AT_ONCE):
            chosen = slice(first, first + _CROPS_AT_ONCE)
            recordings, starts = self.crop_recordings[chosen], self.crop_starts[chosen]
            crops = self.cutter.cut(recordings, starts, np.full(len(recordings), view))
            parts.append(self.net.encode(self.net.standardise(crops)))
        return torch.cat(parts)

    def _mean_over_crops(self, of_crops: np.ndarray) -> np.ndarray:
        counts = np.bincount(self.crop_recordings, minlength=len(self.patient_of))
        sums = np.zeros((len(counts), of_crops.shape[1]))
        np.add.at(sums, self.crop_recordings, of_crops)
        return sums / counts[:, None]

    def _draws(self) -> list[Tensor]:
        """Rows of one crop per recording, ``(recordings,)``, spread evenly over the recordings."""
        counts = np.bincount(self.crop_recordings, minlength=len(self.patient_of))
        first = np.cumsum(counts) - counts
        return [torch.from_numpy(first + draw * counts // DRAWS) for draw in range(DRAWS)]

    def _patients(self, vectors: Tensor) -> np.ndarray:
        slots = torch.from_numpy(slots_of(self.patient_of, self.patients))
        total = np.zeros((self.patients, len(self.weights)))
        for crop in self._draws():
            logits = self.net.patient_logits(vectors[crop], self.sites, slots, self.metadata)
            total += _probabilities(logits, self.weights)
        return total / DRAWS


def _probabilities(logits: Tensor, weights: np.ndarray) -> np.ndarray:
    return posterior(torch.softmax(logits.double(), dim=-1).numpy(), weights)
