import pytest

from heartfeat.cores import core_count
from heartfeat.errors import DeviceError
from heartfeat.extraction.devices import choose_devices, gpu_count, parse_gpus

needs_no_gpu = pytest.mark.skipif(gpu_count() > 0, reason="this machine has a GPU")


@pytest.mark.parametrize(
    ("text", "numbers"), [("0-7", tuple(range(8))), ("0,2", (0, 2)), ("3", (3,)), (" 4 - 5, 1,1", (1, 4, 5))]
)
def test_gpu_lists_are_read(text: str, numbers: tuple[int, ...]) -> None:
    assert parse_gpus(text) == numbers


@pytest.mark.parametrize("text", ["", "a", "3-1", "0,", "-1", "0--2", "99999"])
def test_what_is_no_list_of_gpus_is_refused(text: str) -> None:
    with pytest.raises(DeviceError, match="write numbers such as 0-7 or 0,2"):
        parse_gpus(text)


def test_the_cpu_has_as_many_workers_as_asked_for_or_cores() -> None:
    assert choose_devices(device="cpu", workers=3) == ("cpu",) * 3
    assert choose_devices(device="cpu") == ("cpu",) * core_count()


@needs_no_gpu
@pytest.mark.parametrize("asked", [{"gpus": "0-7"}, {"gpus": "2"}, {"device": "cuda"}])
def test_gpus_that_are_not_there_name_the_cpu_instead(asked: dict[str, str]) -> None:
    with pytest.raises(DeviceError, match="has no GPU that torch can use; use --device cpu"):
        choose_devices(**asked)


@needs_no_gpu
def test_auto_is_the_cpu_where_there_is_no_gpu() -> None:
    assert choose_devices(workers=2) == ("cpu", "cpu")


@pytest.mark.gpu
@pytest.mark.skipif(gpu_count() == 0, reason="this machine has no GPU")
def test_auto_is_every_gpu() -> None:
    assert choose_devices() == tuple(f"cuda:{number}" for number in range(gpu_count()))


def test_contradictions_and_unknown_devices_are_refused() -> None:
    with pytest.raises(DeviceError, match="contradict each other"):
        choose_devices(gpus="0", device="cpu")
    with pytest.raises(DeviceError, match="choose auto, cpu or cuda"):
        choose_devices(device="tpu")
