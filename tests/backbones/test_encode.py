import numpy as np
import pytest
import torch
from torch import Tensor, nn

from heartfeat.backbones.backbone import Backbone, BackboneSpec
from heartfeat.backbones.encode import WindowEncoder, default_batch_size
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


class NoRoom(SmallMemory):
    """The same on the CPU, whose allocator has an error of its own."""

    def forward(self, windows: Tensor) -> Tensor:
        if len(windows) > self.largest:
            torch.empty(2**60)
        return super().forward(windows)


@pytest.mark.parametrize("device", [SmallMemory, NoRoom])
def test_a_batch_that_does_not_fit_is_halved_once_and_nothing_is_lost(device: type[SmallMemory]) -> None:
    model = device(largest=3)
    windows = np.random.default_rng(0).standard_normal((21, 40)).astype(np.float32)
    told: list[int] = []

    encoder = WindowEncoder(Backbone(SPEC, model), batch_size=16, on_halved=told.append)
    encoded = [encoder(windows), encoder(windows)]

    for one in encoded:
        assert one.dtype == np.float16
        np.testing.assert_allclose(one[..., 0], windows.reshape(21, 4, 10).mean(axis=2), rtol=1e-3, atol=1e-6)
    assert told == [5, 2]
    assert model.batches == ([2] * 10 + [1]) * 2


def test_one_window_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(torch.OutOfMemoryError):
        WindowEncoder(Backbone(SPEC, SmallMemory(largest=0)))(np.zeros((2, 40), np.float32))


def test_an_error_that_is_not_about_memory_is_not_hidden() -> None:
    with pytest.raises(RuntimeError, match="unflatten"):
        WindowEncoder(Backbone(SPEC, SmallMemory(largest=9)))(np.zeros((2, 41), np.float32))


def test_batches_are_of_about_equal_size() -> None:
    model = SmallMemory(largest=9)
    WindowEncoder(Backbone(SPEC, model), batch_size=8)(np.zeros((17, 40), np.float32))
    assert model.batches == [6, 6, 5]


def test_a_batch_on_the_cpu_is_as_large_as_its_cache_likes_and_on_a_gpu_as_it_is_fast() -> None:
    assert [default_batch_size(samples, "cpu") for samples in (10_160, 80_080, 480_000)] == [16, 2, 1]
    assert default_batch_size(80_080, "cuda") == 64
