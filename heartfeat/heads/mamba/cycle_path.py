"""The path of heart beats through the network: from the image of a mean cycle to a vector."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.mamba.mixing import sequence_blocks
from heartfeat.heads.mamba.stems import stage
from heartfeat.heads.neural.standardise import Standardise
from heartfeat.heads.settings import MambaFormerSettings

CHANNELS = (24, 32, 48, 64)


class CyclePath(nn.Module):
    """Convolutions over phase and frequency, sequence blocks along the cycle, and one linear map of all phases.

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
        (phases, bands), width = spec.cycle, settings.width
        self.statistics = statistics = len(spec.statistics)
        self.standardise = Standardise(statistics * bands)
        self.phase = nn.Parameter(0.3 * torch.randn(phases))
        self.convolutions = _convolutions(statistics + 1)
        self.project = nn.Linear(CHANNELS[-1] * -(-bands // 16), width)
        self.blocks = nn.ModuleList(sequence_blocks(settings))
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(settings.dropout)
        self.join = nn.Sequential(nn.Linear(width * -(-phases // 4), width), nn.GELU())

    def forward(self, crops: Tensor) -> Tensor:
        """``(crops, phases, bands x statistics)``, standardised, to ``(crops, width)``."""
        images = crops.unflatten(2, (-1, self.statistics)).permute(0, 3, 1, 2)
        phase = self.phase[None, None, :, None].expand(len(images), 1, -1, images.shape[3])
        maps = self.convolutions(
            torch.cat([images, phase], dim=1).contiguous(memory_format=torch.channels_last)
        )
        tokens = self.project(self.dropout(maps.permute(0, 2, 1, 3).flatten(2)))
        for block in self.blocks:
            tokens = block(tokens)
        return self.join(self.dropout(self.norm(tokens).flatten(1)))


def _convolutions(channels: int) -> nn.Sequential:
    """4 times fewer phases, 16 times fewer bands."""
    strides: Sequence[tuple[int, int]] = ((1, 2), (1, 2), (2, 2), (2, 2))
    layers: list[nn.Module] = []
    for out, stride in zip(CHANNELS, strides, strict=True):
        layers += stage(channels, out, kernel=3, stride=stride)
        channels = out
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
