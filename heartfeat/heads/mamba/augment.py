"""Random changes of standardised training crops."""

import numpy as np
import torch
from torch import Tensor

from heartfeat.heads.feature_spec import FeatureSpec

GAIN = 0.3
"""Deviation of a crop's random level shift, in deviations of the tokens."""

TIME_MASK_SHARE = 0.08
BAND_MASK_SHARE = 0.12


def shift_level(crops: Tensor, generator: np.random.Generator) -> Tensor:
    """Add one random constant per crop, on log spectrograms a gain: ``(crops, tokens, D)`` in and out."""
    shifts = generator.normal(0.0, GAIN, (len(crops), 1, 1)).astype(np.float32)
    return crops + torch.from_numpy(shifts).to(crops.device)


def mask_spans(crops: Tensor, axis: int, share: float, generator: np.random.Generator) -> Tensor:
    """Set two random spans per crop to the mean, each up to ``share`` of the axis.

    Park et al., "SpecAugment", Interspeech 2019.

    Parameters
    ----------
    crops
        ``(crops, tokens, D)``, standardised.
    axis
        1 masks stretches of time, 2 neighbouring bands.
    share
        Longest span, of the axis's length.
    """
    size = crops.shape[axis]
    width = generator.uniform(0.0, share, (2, len(crops), 1)) * size
    start = generator.uniform(0.0, 1.0, (2, len(crops), 1)) * (size - width)
    position = np.arange(size)
    hidden = ((position >= start) & (position < start + width)).any(axis=0)
    mask = torch.from_numpy(hidden).unsqueeze(2 if axis == 1 else 1)
    return crops.masked_fill(mask.to(crops.device), 0.0)


def augment(crops: Tensor, spec: FeatureSpec, generator: np.random.Generator) -> Tensor:
    """All changes of one feature set's crops, ``(crops, tokens, D)`` in and out, standardised.

    Level and bands only mean something on a spectrogram; and to hide a stretch of the mean heart cycle would be to
    hide all of a recording's systole.
    """
    if spec.spectrogram or (spec.cycle and not spec.vectors):
        crops = mask_spans(shift_level(crops, generator), 2, BAND_MASK_SHARE, generator)
    return crops if spec.cycle else mask_spans(crops, 1, TIME_MASK_SHARE, generator)
