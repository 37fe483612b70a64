"""Whether an encoder in training still tells recordings apart, seen on people it does not learn from."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from heartfeat.pretraining.objectives.objective import PretrainableEncoder
from heartfeat.pretraining.sounds import Sounds

MOST_RECORDINGS = 200
AT_A_TIME = 16


class Probe:
    """Two crops from the two ends of each held-out recording, always the same.

    Parameters
    ----------
    sounds
        All recordings.
    held_out
        ``(n,)`` numbers of those that nothing is learned from.
    samples
        Length of a crop.
    """

    def __init__(self, sounds: Sounds, held_out: np.ndarray, samples: int) -> None:
        chosen = held_out[:: max(1, -(-len(held_out) // MOST_RECORDINGS))]
        ends = []
        for recording in chosen.tolist():
            sound = sounds.of(recording)
            for start in (0, max(0, len(sound) - samples)):
                ends.append(sound[(start + np.arange(samples)) % len(sound)].astype(np.float32))
        self._crops = torch.from_numpy(np.stack(ends)) if ends else torch.empty(0, samples)

    @torch.no_grad()
    def __call__(self, encoder: PretrainableEncoder, device: torch.device | str) -> dict[str, float]:
        """Figures that fall when features collapse; nothing where nobody is held out.

        Returns
        -------
        dict
            ``probe_found``: share of recordings whose other end is the nearest among all recordings' other ends;
            ``probe_rank``: effective number of directions that the pooled tokens use, the exponential of the entropy
            of their singular values (RankMe: Garrido et al., ICML 2023); ``probe_spread``: mean standard deviation
            of a channel over tokens.
        """
        if len(self._crops) < 4:
            return {}
        pooled, spreads = [], []
        for crops in self._crops.split(AT_A_TIME):
            tokens = encoder.encode(encoder.patches(crops.to(device)))[-1].float()
            pooled.append(torch.cat([tokens.mean(dim=1), tokens.std(dim=1)], dim=1).cpu())
            spreads.append(tokens.std(dim=(0, 1)).mean().cpu())
        rows = torch.cat(pooled)
        return {
            "probe_found": _found(rows),
            "probe_rank": effective_rank(rows),
            "probe_spread": float(torch.stack(spreads).mean()),
        }


def effective_rank(rows: Tensor) -> float:
    """Exponential of the entropy of the singular values of ``(n, D)`` centred rows."""
    values = torch.linalg.svdvals((rows - rows.mean(dim=0)).double())
    shares = values / values.sum().clamp(min=1e-12)
    return float(torch.exp(-(shares * (shares + 1e-12).log()).sum()))


def _found(rows: Tensor) -> float:
    scaled = normalize((rows - rows.mean(dim=0)) / (rows.std(dim=0) + 1e-6), dim=1)
    nearest = (scaled[0::2] @ scaled[1::2].T).argmax(dim=1)
    return float((nearest == torch.arange(len(nearest))).float().mean())
