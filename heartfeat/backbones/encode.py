"""Running a backbone over windows in batches."""

import numpy as np
import torch

from heartfeat.backbones.backbone import Backbone

DEFAULT_BATCH = {"cpu": 16, "cuda": 64}
"""Windows per forward pass, by kind of device."""


def default_batch_size(device: str) -> int:
    """Windows per forward pass where nobody says otherwise."""
    return DEFAULT_BATCH.get(torch.device(device).type, 16)


def encode_windows(
    backbone: Backbone, windows: np.ndarray, *, device: str = "cpu", batch_size: int | None = None
) -> np.ndarray:
    """Tokens of windows; the backbone's model must be on ``device``.

    The result does not depend on the batch size, but for rounding within the matrix products of large
    encoders (relative differences of about 1e-5); the log-mel backbone gives identical bits. A batch that
    does not fit into the device's memory is halved.

    Parameters
    ----------
    windows
        ``(n, window.samples)`` float32.

    Returns
    -------
    numpy.ndarray
        ``(n, window.tokens, D)`` float32.
    """
    spec = backbone.spec
    encoded = np.empty((len(windows), spec.window.tokens, spec.dim), dtype=np.float32)
    size = batch_size or default_batch_size(device)
    start = 0
    while start < len(windows):
        batch = windows[start : start + size]
        try:
            encoded[start : start + len(batch)] = _forward(backbone, batch, device)
        except torch.cuda.OutOfMemoryError:
            if len(batch) == 1:
                raise
            size = len(batch) // 2
            torch.cuda.empty_cache()
            continue
        start += len(batch)
    return encoded


@torch.inference_mode()
def _forward(backbone: Backbone, batch: np.ndarray, device: str) -> np.ndarray:
    return backbone.model(torch.from_numpy(batch).to(device)).float().cpu().numpy()
