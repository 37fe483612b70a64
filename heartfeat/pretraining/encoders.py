"""New encoders, with random weights, and the grid that their crops are cut on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from heartfeat.backbones.preprocessing import LEVEL_DBFS, Preprocessing
from heartfeat.pretraining.settings import CnnMambaEncoderSettings, EncoderSettings, PcgEncoderSettings
from heartfeat.pretraining.sounds import Sounds

SAMPLED_RECORDINGS = 400
"""Recordings whose log-mel frames give the mean and deviation that input is normalised by."""


@dataclass(frozen=True)
class CropGrid:
    """How a crop lies on an encoder's tokens.

    Attributes
    ----------
    hop
        Samples per token.
    tokens
        Tokens per crop.
    margin
        Samples before the first token's hop and behind the last one's.
    token_rate
        In Hz.
    """

    hop: int
    tokens: int
    margin: int
    token_rate: float


def preprocessing_of(settings: EncoderSettings) -> Preprocessing:
    """What is done to recordings before an encoder hears them."""
    if isinstance(settings, CnnMambaEncoderSettings):
        return Preprocessing(2000, 25.0, 400.0, LEVEL_DBFS)
    return Preprocessing(2000, 20.0, 800.0, LEVEL_DBFS)


def crop_grid(encoder: Any, settings: EncoderSettings, seconds: float) -> CropGrid:  # noqa: ANN401 - any architecture
    """The grid of crops of about so many seconds."""
    from heartfeat.backbones.transformers_audio import FAMILIES

    grid = FAMILIES[encoder.config.model_type].describe(encoder.config, None, seconds)  # type: ignore[arg-type]
    margin = (grid.samples - grid.frames * grid.hop + 1) // 2
    return CropGrid(grid.hop, grid.frames, max(0, margin), grid.sample_rate / grid.hop)


def new_encoder(settings: EncoderSettings, sounds: Sounds) -> Any:  # noqa: ANN401 - any architecture
    """An encoder with random weights (torch's generator draws them); log-mel is normalised by these sounds."""
    if isinstance(settings, CnnMambaEncoderSettings):
        from heartfeat.backbones.architectures.cnn_mamba import CnnMambaConfig, CnnMambaModel

        return CnnMambaModel(CnnMambaConfig(**settings.model_dump(exclude={"architecture"})))
    return _new_pcg(settings, sounds)


def _new_pcg(settings: PcgEncoderSettings, sounds: Sounds) -> Any:  # noqa: ANN401
    from heartfeat.backbones.architectures.pcg import PcgConfig, PcgModel

    to = preprocessing_of(settings)
    config = PcgConfig(
        sample_rate=to.sample_rate,
        low=to.low,
        high=to.high,
        **settings.model_dump(exclude={"architecture"}),
    )
    model = PcgModel(config)
    step = max(1, len(sounds) // SAMPLED_RECORDINGS)
    with torch.inference_mode():
        frames = torch.cat(
            [
                model.mel(torch.from_numpy(sounds.of(r)[: 10 * to.sample_rate].astype(np.float32))[None])[0]
                for r in range(0, len(sounds), step)
            ]
        )
    # Rounded, for they are written into config.json.
    config.mean, config.std = round(frames.mean().item(), 4), round(frames.std().item(), 4)
    return model
