import pytest

from heartfeat.errors import DeviceError
from heartfeat.pretraining.accelerating import new_accelerator


@pytest.mark.parametrize(
    ("device", "precision", "message"),
    [("cuda:1", "auto", "choose auto or cpu"), ("cpu", "fp8", "choose auto, fp32 or bf16")],
)
def test_words_that_mean_nothing_are_refused(device, precision, message):
    with pytest.raises(DeviceError, match=message):
        new_accelerator(device, precision)


@pytest.mark.parametrize(("precision", "mixed"), [("auto", "no"), ("fp32", "no"), ("bf16", "bf16")])
def test_the_processor_computes_in_full_precision_unless_told_otherwise(precision, mixed):
    accelerator = new_accelerator("cpu", precision)
    assert (accelerator.device.type, accelerator.mixed_precision) == ("cpu", mixed)
