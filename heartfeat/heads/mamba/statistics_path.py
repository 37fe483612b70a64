"""The path of a recording's statistics through the network: what a crop cannot say of the whole."""

from torch import Tensor, nn

from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.neural.standardise import Standardise

_HIDDEN = 0.5
"""Share of the numbers that a training step does not see: they are many, alike, and few recordings teach them."""


class StatisticsPath(nn.Module):
    """One layer over the pooled tokens of a whole recording.

    Parameters
    ----------
    spec
        A feature set of evenly spaced tokens.
    width, dropout
        Of the network.
    """

    def __init__(self, spec: FeatureSpec, width: int, dropout: float) -> None:
        super().__init__()
        numbers = spec.dim * len(spec.statistics)
        self.standardise = Standardise(numbers)
        self.body = nn.Sequential(
            nn.Dropout(_HIDDEN), nn.Linear(numbers, width), nn.GELU(), nn.Dropout(dropout)
        )

    def forward(self, statistics: Tensor) -> Tensor:
        """``(recordings, numbers)``, standardised, to ``(recordings, width)``."""
        return self.body(statistics)
