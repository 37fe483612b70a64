from dataclasses import dataclass

import pytest
import torch
from torch import nn

from heartfeat.errors import DeviceError
from heartfeat.heads.neural.compute import (
    Compute,
    choose_compute,
    computing,
    current_compute,
    moved,
    on_device,
)


def test_automatic_choices_without_a_gpu_are_the_cpu_in_fp32():
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    assert choose_compute() == Compute("cpu", "fp32")
    with pytest.raises(DeviceError, match="has no GPU"):
        choose_compute("cuda:1")


def test_the_cpu_computes_in_bf16_only_when_asked():
    assert choose_compute("cpu", "auto").precision == "fp32"
    assert choose_compute("cpu", "bf16").precision == "bf16"


@pytest.mark.parametrize(("device", "precision"), [("gpu", "auto"), ("cuda:x", "auto"), ("cpu", "fp8")])
def test_unknown_devices_and_precisions_are_refused(device, precision):
    with pytest.raises(DeviceError, match="choose"):
        choose_compute(device, precision)


def test_a_choice_holds_inside_its_block_alone():
    with computing(Compute(precision="bf16")):
        assert current_compute().precision == "bf16"
    assert current_compute() == Compute()


def test_every_tensor_of_a_batch_is_moved():
    @dataclass(frozen=True)
    class Batch:
        rows: dict[str, torch.Tensor]
        parts: tuple[torch.Tensor, ...]
        count: int

    batch = moved(Batch({"a": torch.ones(2)}, (torch.ones(1),), 3), "meta")
    assert batch.rows["a"].device.type == batch.parts[0].device.type == "meta"
    assert batch.count == 3


def test_a_network_that_is_there_already_is_not_copied():
    net = nn.Linear(2, 2)
    assert on_device(net, "cpu") is net
