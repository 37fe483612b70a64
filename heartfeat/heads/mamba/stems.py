"""Input stems: from the tokens of one feature set to channels at the common token rate."""

import torch
from torch import Tensor, nn

from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.mamba.layer_sum import LayerSum
from heartfeat.heads.neural.standardise import Standardise


class SpectrogramStem(nn.Module):
    """Convolutions over time and frequency: 4 times fewer tokens, 16 times fewer bands, then ``width``."""

    def __init__(self, bands: int, width: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            *stage(1, 16, kernel=5, stride=(2, 2)),
            *stage(16, 32, kernel=3, stride=(2, 2)),
            *stage(32, 48, kernel=3, stride=(1, 2)),
            *stage(48, 64, kernel=3, stride=(1, 2)),
        )
        # Channels last is a third faster on CPU for so few channels.
        for parameter in self.convolutions.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        self.project = nn.Linear(64 * -(-bands // 16), width)

    def forward(self, tokens: Tensor) -> Tensor:
        """``(batch, tokens, bands)`` to ``(batch, about tokens / 4, width)``."""
        maps = self.convolutions(tokens.unsqueeze(1).contiguous(memory_format=torch.channels_last))
        return self.project(maps.permute(0, 2, 1, 3).flatten(2))


class LinearStem(nn.Module):
    """One linear map per token, for features of a frozen backbone; several layers are summed first."""

    def __init__(self, dim: int, width: int, layers: int = 1) -> None:
        super().__init__()
        self.layers = LayerSum(layers) if layers > 1 else nn.Identity()
        self.project = nn.Sequential(nn.Linear(dim // layers, width), nn.LayerNorm(width), nn.GELU())

    def forward(self, tokens: Tensor) -> Tensor:
        """``(batch, tokens, dim)`` to ``(batch, tokens, width)``."""
        return self.project(self.layers(tokens))


class Stem(nn.Module):
    """Standardise, project by the kind of the feature set, and bring to a common number of tokens."""

    def __init__(self, spec: FeatureSpec, width: int, length: int) -> None:
        super().__init__()
        self.length = length
        self.standardise = Standardise(spec.dim)
        self.body = (
            SpectrogramStem(spec.dim, width) if spec.spectrogram else LinearStem(spec.dim, width, spec.layers)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """``(batch, tokens, dim)``, standardised, to ``(batch, length, width)``."""
        return to_length(self.body(tokens), self.length)


def to_length(tokens: Tensor, length: int) -> Tensor:
    """Average (or repeat) neighbouring tokens so that ``length`` of them cover the same time."""
    if tokens.shape[1] == length:
        return tokens
    return nn.functional.adaptive_avg_pool1d(tokens.transpose(1, 2), length).transpose(1, 2)


def stage(channels: int, out: int, kernel: int, stride: tuple[int, int]) -> list[nn.Module]:
    """A convolution over time and frequency, normalised and rectified."""
    convolution = nn.Conv2d(channels, out, kernel, stride, padding=kernel // 2, bias=False)
    return [convolution, nn.BatchNorm2d(out), nn.ReLU()]
