"""Encoders that take the waveform itself: Wav2Vec2, HuBERT, WavLM, Data2Vec."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from heartfeat.backbones.encoder import Encoder, chosen
from heartfeat.backbones.grid import WINDOW_SECONDS, Grid
from heartfeat.backbones.preprocessing import LEVEL_DBFS
from heartfeat.errors import BackboneError


def describe(config: Any, folder: Path, window_seconds: float | None) -> Grid:  # noqa: ANN401 - any family's config
    """The time grid of a convolutional feature encoder: hop and receptive field of its strided layers."""
    from transformers import Wav2Vec2FeatureExtractor

    from heartfeat.backbones.extractors import load_extractor

    if getattr(config, "add_adapter", False):
        raise BackboneError("encoders with an adapter on top change the token rate; use one without")
    extractor = load_extractor(Wav2Vec2FeatureExtractor, folder)
    hop = math.prod(config.conv_stride)
    field, stride = 1, 1
    for kernel, step in zip(config.conv_kernel, config.conv_stride, strict=True):
        field, stride = field + (kernel - 1) * stride, stride * step
    frames = int((window_seconds or WINDOW_SECONDS) * extractor.sampling_rate) // hop
    if frames < 1:
        raise BackboneError(f"window_seconds {window_seconds} is shorter than one frame of {hop} samples")
    return Grid(
        sample_rate=extractor.sampling_rate,
        hop=hop,
        frames=frames,
        samples=(frames - 1) * hop + field,
        lead=max(0, field - hop) // 2,
        # Such checkpoints saw unit variance; set once per recording, it does not undo gain views.
        level_dbfs=0.0 if extractor.do_normalize else LEVEL_DBFS,
        hidden=config.hidden_size,
        depth=config.num_hidden_layers,
    )


class WaveformEncoder(Encoder):
    """A Wav2Vec2-like model."""

    def __init__(self, model: Any, grid: Grid, folder: Path) -> None:  # noqa: ANN401 - any family's model
        super().__init__()
        self.model, self.depth = model, grid.depth

    def hidden_states(self, windows: Tensor, layers: Sequence[int]) -> list[Tensor]:
        """See :class:`Encoder`."""
        inner = any(layer != self.depth for layer in layers)
        return chosen(self.model(windows, output_hidden_states=inner), layers, self.depth)
