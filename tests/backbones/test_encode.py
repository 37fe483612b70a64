import numpy as np
import pytest
import torch
from torch import Tensor, nn

from heartfeat.backbones.backbone import Backbone, BackboneSpec
from heartfeat.backbones.encode import encode_windows
from heartfeat.backbones.preprocessing import Preprocessing
from heartfeat.backbones.windows import Window

SPEC = BackboneSpec("small", "test", "test", None, Preprocessing(100, 1, 50, -26.0), Window(10, 4), 1, 1)


class SmallMemory(nn.Module):
    """Mean over each token, on a device that takes ``largest`` windows at once."""

    def __init__(self, largest: int) -> None:
        super().__init__()
        self.largest, self.batches = largest, []

    def forward(self, windows: Tensor) -> Tensor:
        if len(windows) > self.largest:
            raise torch.cuda.OutOfMemoryError("too many windows")
        self.batches.append(len(windows))
        return windows.unflatten(1, (4, 10)).mean(dim=2)[..., None]


def test_a_batch_that_does_not_fit_is_halved_and_nothing_is_lost() -> None:
    model = SmallMemory(largest=3)
    windows = np.random.default_rng(0).standard_normal((21, 40)).astype(np.float32)

    encoded = encode_windows(Backbone(SPEC, model), windows, batch_size=16)

    np.testing.assert_allclose(encoded[..., 0], windows.reshape(21, 4, 10).mean(axis=2), atol=1e-6)
    assert model.batches == [2] * 10 + [1]


def test_one_window_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(torch.cuda.OutOfMemoryError):
        encode_windows(Backbone(SPEC, SmallMemory(largest=0)), np.zeros((2, 40), np.float32))
