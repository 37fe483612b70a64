"""The path of heart beats through the network: from the image of a mean cycle to a vector."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.mamba.mixing import sequence_blocks
from heartfeat.heads.mamba.stems import LinearStem, stage
from heartfeat.heads.neural.standardise import Standardise
from heartfeat.heads.settings import MambaFormerSettings

CHANNELS = (24, 32, 48, 64)


class CyclePath(nn.Module):
    """A stem over phases of the cycle, sequence blocks along them, and one linear map of all phases.

    Unlike moments of a recording, phases of the cycle are places: systole is always at the same tokens, so every
    token has weights of its own.

    Parameters
    ----------
    spec
        A feature set of heart beats.
    settings
        Width, blocks and dropout.
    """

    def __init__(self, spec: FeatureSpec, settings: MambaFormerSettings) -> None:
        super().__init__()
        if spec.cycle is None:
            raise ValueError(f"the feature set {spec.name!r} is not one of heart beats")
        (phases, numbers), width = spec.cycle, settings.width
        self.standardise = Standardise(len(spec.statistics) * numbers)
        kind = VectorStem if spec.vectors else ImageStem
        self.stem = kind(spec, width, settings.dropout)
        self.blocks = nn.ModuleList(sequence_blocks(settings))
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(settings.dropout)
        self.join = nn.Sequential(nn.Linear(width * self.stem.phases_left(phases), width), nn.GELU())

    def forward(self, crops: Tensor) -> Tensor:
        """``(crops, phases, numbers x statistics)``, standardised, to ``(crops, width)``."""
        tokens = self.stem(crops)
        for block in self.blocks:
            tokens = block(tokens)
        return self.join(self.dropout(self.norm(tokens).flatten(1)))


class ImageStem(nn.Module):
    """Convolutions over phase and frequency, which are told the phase: 4 times fewer phases."""

    def __init__(self, spec: FeatureSpec, width: int, dropout: float) -> None:
        super().__init__()
        assert spec.cycle is not None
        phases, bands = spec.cycle
        self.statistics = len(spec.statistics)
        self.phase = nn.Parameter(0.3 * torch.randn(phases))
        self.convolutions = _convolutions(self.statistics + 1)
        self.project = nn.Linear(CHANNELS[-1] * -(-bands // 16), width)
        self.dropout = nn.Dropout(dropout)

    @staticmethod
    def phases_left(phases: int) -> int:
        """Tokens that come out."""
        return -(-phases // 4)

    def forward(self, crops: Tensor) -> Tensor:
        """``(crops, phases, bands x statistics)`` to ``(crops, phases / 4, width)``."""
        images = crops.unflatten(2, (-1, self.statistics)).permute(0, 3, 1, 2)
        phase = self.phase[None, None, :, None].expand(len(images), 1, -1, images.shape[3])
        maps = self.convolutions(
            torch.cat([images, phase], dim=1).contiguous(memory_format=torch.channels_last)
        )
        return self.project(self.dropout(maps.permute(0, 2, 1, 3).flatten(2)))


class VectorStem(nn.Module):
    """One linear map per phase, for an encoder's vectors, and a learned vector that tells the phase."""

    def __init__(self, spec: FeatureSpec, width: int, dropout: float) -> None:
        super().__init__()
        assert spec.cycle is not None
        phases, numbers = spec.cycle
        self.linear = LinearStem(len(spec.statistics) * numbers, width, spec.layers)
        self.phase = nn.Parameter(0.3 * torch.randn(phases, width))
        self.dropout = nn.Dropout(dropout)

    @staticmethod
    def phases_left(phases: int) -> int:
        """Tokens that come out."""
        return phases

    def forward(self, crops: Tensor) -> Tensor:
        """``(crops, phases, numbers x statistics)`` to ``(crops, phases, width)``."""
        return self.linear(self.dropout(crops)) + self.phase


def _convolutions(channels: int) -> nn.Sequential:
    """4 times fewer phases, 16 times fewer bands."""
    strides: Sequence[tuple[int, int]] = ((1, 2), (1, 2), (2, 2), (2, 2))
    layers: list[nn.Module] = []
    for out, stride in zip(CHANNELS, strides, strict=True):
        layers += stage(channels, out, kernel=3, stride=stride)
        channels = out
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
