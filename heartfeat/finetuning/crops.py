"""What the network is shown: random crops of training recordings, and all windows of those that are judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from heartfeat.backbones.windows import Window, cut_windows
from heartfeat.finetuning.net import FinetuneNet
from heartfeat.heads.neural.compute import current_compute, moved, on_device
from heartfeat.pretraining.sounds import Sounds


@dataclass(frozen=True)
class Crops:
    """Batches of an epoch.

    Attributes
    ----------
    sounds, chosen
        All recordings, and the ``(n,)`` numbers of those that are learned from.
    targets
        ``(recordings, classes)`` float32 of all recordings.
    samples
        Length of a crop.
    batch
        Crops per batch.
    mixup
        Parameter of the Beta distribution; 0 mixes none.
    """

    sounds: Sounds
    chosen: np.ndarray
    targets: np.ndarray
    samples: int
    batch: int
    mixup: float

    @property
    def batches(self) -> int:
        """Batches of an epoch."""
        return -(-len(self.chosen) // self.batch)

    def epoch(self, generator: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Every recording once: crops ``(B, samples)`` and soft targets ``(B, classes)``."""
        order = generator.permutation(self.chosen)
        for part in np.array_split(order, self.batches):
            crops = np.stack([self._crop(int(recording), generator) for recording in part])
            targets = self.targets[part]
            if self.mixup:
                share = generator.beta(self.mixup, self.mixup, (len(part), 1)).astype(np.float32)
                other = generator.permutation(len(part))
                crops = share * crops + (1 - share) * crops[other]
                targets = share * targets + (1 - share) * targets[other]
            yield torch.from_numpy(crops), torch.from_numpy(targets)

    def _crop(self, recording: int, generator: np.random.Generator) -> np.ndarray:
        """``(samples,)`` float32 from anywhere; a short recording goes on cyclically."""
        sound = self.sounds.of(recording)
        spare = len(sound) - self.samples
        start = int(generator.integers(spare + 1 if spare >= 0 else len(sound)))
        return sound[(start + np.arange(self.samples)) % len(sound)].astype(np.float32)


def judge(net: FinetuneNet, sounds: Sounds, chosen: np.ndarray, window: Window, batch: int) -> np.ndarray:
    """``(n, classes)`` float64 probabilities of recordings: the mean over all of their windows."""
    compute, said = current_compute(), []
    net = on_device(net, compute.device).eval()
    with torch.inference_mode(), compute.autocast():
        for recording in chosen.tolist():
            windows = cut_windows(sounds.of(recording).astype(np.float32), window)
            logits = [net(moved(part, compute.device)) for part in torch.from_numpy(windows).split(batch)]
            said.append(torch.cat(logits).float().cpu().softmax(dim=-1).mean(dim=0))
    return torch.stack(said).double().numpy()
