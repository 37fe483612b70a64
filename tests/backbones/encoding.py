"""A backbone's float32 output, before it is rounded for the store."""

import numpy as np
import torch

from heartfeat.backbones.backbone import Backbone


@torch.inference_mode()
def encode_exactly(backbone: Backbone, windows: np.ndarray, batch_size: int = 64) -> np.ndarray:
    batches = torch.from_numpy(windows).split(batch_size)
    return torch.cat([backbone.model(batch) for batch in batches]).numpy()
