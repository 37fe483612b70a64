"""New encoders, with random weights, and the grid that their crops are cut on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from heartfeat.backbones.grid import Grid
from heartfeat.backbones.preprocessing import Preprocessing
from heartfeat.pretraining.settings import CnnMambaEncoderSettings, EncoderSettings
from heartfeat.pretraining.sounds import Sounds

SAMPLED_RECORDINGS = 400
"""Recordings whose log-mel frames give the mean and deviation that input is normalised by."""


def new_config(settings: EncoderSettings) -> Any:  # noqa: ANN401 - any architecture's config
    """The config of an encoder of these sizes."""
    sizes = settings.model_dump(exclude={"architecture"})
    if isinstance(settings, CnnMambaEncoderSettings):
        from heartfeat.backbones.architectures.cnn_mamba import CnnMambaConfig

        return CnnMambaConfig(**sizes)
    from heartfeat.backbones.architectures.pcg import PcgConfig

    return PcgConfig(**sizes)


def crop_grid(config: Any, seconds: float) -> Grid:  # noqa: ANN401
    """How crops of about so many seconds lie on an encoder's tokens: as windows will when features are extracted."""
    from heartfeat.backbones.transformers_spec import ARCHITECTURES

    return ARCHITECTURES[config.model_type].describe(config, Path(), seconds)


def preprocessing_of(grid: Grid) -> Preprocessing:
    """What is done to recordings before an encoder hears them: what extraction will do."""
    return Preprocessing(grid.sample_rate, *grid.band, grid.level_dbfs)


def new_encoder(config: Any, sounds: Sounds) -> Any:  # noqa: ANN401
    """An encoder with random weights (torch's generator draws them); its log-mel is normalised by these sounds."""
    if config.model_type == "cnn-mamba":
        from heartfeat.backbones.architectures.cnn_mamba import CnnMambaModel

        return CnnMambaModel(config)
    from heartfeat.backbones.architectures.pcg import PcgModel

    model = PcgModel(config)
    chosen = range(0, len(sounds), max(1, len(sounds) // SAMPLED_RECORDINGS))
    beginnings = [sounds.of(r)[: 10 * sounds.sample_rate].astype(np.float32) for r in chosen]
    with torch.inference_mode():
        frames = torch.cat([model.mel(torch.from_numpy(sound)[None])[0] for sound in beginnings])
    # Rounded, for they are written into config.json.
    config.mean, config.std = round(frames.mean().item(), 4), round(frames.std().item(), 4)
    return model
