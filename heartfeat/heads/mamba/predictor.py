"""Probabilities of whole recordings and of patients, from fixed crops."""

import numpy as np
import torch
from torch import Tensor

from heartfeat.heads.examples import Examples
from heartfeat.heads.mamba.crops import CropCutter
from heartfeat.heads.mamba.net import MambaFormerNet
from heartfeat.heads.neural.bags import slots_of
from heartfeat.heads.neural.class_weights import posterior
from heartfeat.heads.neural.compute import current_compute

DRAWS = 8
"""Patient probabilities are means over this many choices of one crop per recording.

The patient classifier alone decides: on validation patients no blend with a rule over the recordings' own
probabilities (highest, mean or noisy-or of Present) had a better likelihood.
"""

_AT_ONCE, _AT_ONCE_ON_GPU = 64, 512
"""Crops that are encoded together: on a GPU it is starting the work that takes time, not doing it."""


class Predictor:
    """A fitted network together with the patients that it is to judge.

    Parameters
    ----------
    net, cutter, examples
        The network, and the patients with their crops on the network's device.
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
        self.patient_of, self.patients = examples.patient_of, len(examples.patients)
        of_patients = sites, slots_of(self.patient_of, self.patients), metadata
        self._of_patients = tuple(torch.from_numpy(array).to(cutter.device) for array in of_patients)
        self.crop_recordings, self.crop_starts = cutter.grid()
        self._vectors: dict[int, Tensor] = {}

    @torch.no_grad()
    def view(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Posterior of one view: ``(patients, classes)`` and ``(recordings, classes)`` float64."""
        with current_compute().autocast():
            vectors = self._encode(number)
            of_crops = _probabilities(self.net.recording_logits(vectors), self.weights)
            return self._patients(vectors), self._mean_over_crops(of_crops)

    @torch.no_grad()
    def extra(self, number: int) -> dict[str, np.ndarray]:
        """Probabilities of every auxiliary task under one view: ``(patients, its classes)`` float64 by name."""
        with current_compute().autocast():
            vectors = self._encode(number)
            draws = [self.net.extra_logits(vectors[crop], *self._of_patients) for crop in self._draws()]
        even = {name: np.ones(logits.shape[1]) for name, logits in draws[0].items()}
        return {
            name: np.mean([_probabilities(logits[name], ones) for logits in draws], axis=0)
            for name, ones in even.items()
        }

    def _encode(self, view: int) -> Tensor:
        """Vectors of all crops, ``(crops, width)``, made when they are first asked for."""
        if view not in self._vectors:
            whole, parts = self._encode_whole(view), []
            for chosen in self._in_parts(len(self.crop_recordings)):
                recordings, starts = self.crop_recordings[chosen], self.crop_starts[chosen]
                crops = self.cutter.cut_time(recordings, starts, np.full_like(recordings, view))
                own = {name: vectors[recordings] for name, vectors in whole.items()}
                parts.append(self.net.encode(self.net.standardise(crops), own))
            self._vectors[view] = torch.cat(parts).float()
        return self._vectors[view]

    def _encode_whole(self, view: int) -> dict[str, Tensor]:
        """Vectors of all recordings' beats and statistics, ``(recordings, width)`` each: once for all crops."""
        recordings, parts = np.arange(len(self.patient_of)), []
        for chosen in self._in_parts(len(recordings)):
            known = self.cutter.cut_whole(recordings[chosen], np.full_like(recordings[chosen], view))
            parts.append(self.net.encode_whole(self.net.standardise(known)))
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}

    def _in_parts(self, count: int) -> list[slice]:
        size = _AT_ONCE_ON_GPU if self.cutter.device.startswith("cuda") else _AT_ONCE
        return [slice(first, first + size) for first in range(0, max(1, count), size)]

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
        total = np.zeros((self.patients, len(self.weights)))
        for crop in self._draws():
            logits = self.net.patient_logits(vectors[crop], *self._of_patients)
            total += _probabilities(logits, self.weights)
        return total / DRAWS


def _probabilities(logits: Tensor, weights: np.ndarray) -> np.ndarray:
    return posterior(torch.softmax(logits.double(), dim=-1).cpu().numpy(), weights)
