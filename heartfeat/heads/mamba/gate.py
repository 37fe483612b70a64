"""Phase gating: how much each token counts, by where in the cardiac cycle it lies."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from heartfeat.errors import ConfigError
from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.mamba.stems import to_length
from heartfeat.signals.segmentation.states import CYCLE

_HIDDEN = 16
_REACH = 9
"""Tokens that a gate looks at around each, about a fifth of a second of log-mel."""


class PhaseGate(nn.Module):
    """Multiplies tokens with numbers between 0 and 2 per channel, computed from the phase; all 1 before training.

    Parameters
    ----------
    source
        Feature set that tells the phase: the energy envelope of a log-mel set, or a set of cardiac states.
    width
        Channels of the tokens.
    """

    def __init__(self, source: FeatureSpec, width: int) -> None:
        super().__init__()
        self.name, self.states = source.name, source.states
        self.look = nn.Conv1d(len(CYCLE) if source.states else 1, _HIDDEN, _REACH, padding=_REACH // 2)
        self.gate = nn.Linear(_HIDDEN, width)
        nn.init.zeros_(self.gate.weight)
        nn.init.zeros_(self.gate.bias)

    def forward(self, tokens: Tensor, crop: Tensor) -> Tensor:
        """``(batch, tokens, width)`` in and out.

        Parameters
        ----------
        tokens
            Of all feature sets, at the common rate.
        crop
            The source's standardised crop over the same time, ``(batch, its tokens, its dim)``.
        """
        phase = crop if self.states else envelope(crop)
        seen = nn.functional.gelu(self.look(phase.transpose(1, 2))).transpose(1, 2)
        return 2 * torch.sigmoid(self.gate(to_length(seen, tokens.shape[1]))) * tokens


def envelope(crop: Tensor) -> Tensor:
    """Mean over bands, zero mean and unit deviation over the crop: ``(batch, tokens, bands)`` to ``(..., 1)``."""
    energy = crop.mean(-1, keepdim=True)
    deviation = energy.std(1, correction=0, keepdim=True)
    return (energy - energy.mean(1, keepdim=True)) / (deviation + 1e-3)


def gate_source(kind: Literal["energy", "states"], specs: Sequence[FeatureSpec]) -> FeatureSpec:
    """The first feature set that can tell the phase.

    Raises
    ------
    ConfigError
        When there is none.
    """
    able = [spec for spec in specs if (spec.states if kind == "states" else spec.spectrogram)]
    if not able:
        family = "states" if kind == "states" else "logmel"
        raise ConfigError(
            f"gate is {kind!r}, which needs a feature set of the family {family!r}, and there is none among "
            f"{', '.join(spec.name for spec in specs)}; add one to the features or set gate to 'none'"
        )
    return able[0]
