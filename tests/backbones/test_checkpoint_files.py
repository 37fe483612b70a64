import argparse
import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from heartfeat.backbones import transformers_spec
from heartfeat.backbones.backbone import BackboneSpec
from heartfeat.backbones.load import describe_backbone, load_backbone
from heartfeat.backbones.settings import TransformersSettings
from heartfeat.errors import BackboneError

from .foreign_files import beats_content, cnn_mamba, m2d, m2d_weights, microsoft_beats, moco, simclr, write

LAYOUTS: dict[str, Callable[[], tuple[torch.nn.Module, object]]] = {
    "cnn-mamba": lambda: (model := cnn_mamba(), {"model_state_dict": moco(model)}),
    "microsoft-beats": lambda: (model := microsoft_beats(), beats_content(model)),
    "m2d": lambda: (model := m2d(), {"model": m2d_weights(model)}),
}


def settings(path: Path, **changes: object) -> TransformersSettings:
    return TransformersSettings.model_validate({"name": "tiny", "model": str(path), **changes})


def describe(path: Path) -> BackboneSpec:
    return describe_backbone(settings(path))


@pytest.fixture(autouse=True)
def nothing_said() -> None:
    transformers_spec._say_once.cache_clear()


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return write(tmp_path / "pahcl_moco.pt", {"model_state_dict": moco(cnn_mamba()), "epoch": 3})


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt"])
def test_a_file_gives_the_numbers_of_the_encoder_within(name: str, suffix: str, tmp_path: Path) -> None:
    model, content = LAYOUTS[name]()
    model.save_pretrained(tmp_path / "folder")
    file = write(tmp_path / f"model{suffix}", content)
    from_file, from_folder = (load_backbone(settings(path)) for path in (file, tmp_path / "folder"))

    windows = 0.05 * torch.randn(2, from_file.spec.window.samples)
    with torch.inference_mode():
        assert torch.equal(from_file.model(windows), from_folder.model(windows))
    assert from_file.spec.transform["architecture"] == name
    assert from_file.spec.identifier == file.name


def test_what_is_left_aside_is_said_once(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    describe(checkpoint)
    describe(checkpoint)
    said = capsys.readouterr()
    encoder = len(cnn_mamba().state_dict())
    assert said.err == (
        f"pahcl_moco.pt: left aside 27 weights of the projection heads, {encoder} of the momentum encoder, "
        "2 of the queue; its sample rate is taken to be 2000 Hz, for it tells none\n"
    )
    assert said.out == ""


def test_to_load_says_nothing_for_workers_do_it_too(
    checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load_backbone(settings(checkpoint))
    assert capsys.readouterr().err == ""


def test_moving_a_file_changes_nothing(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    moved = Path(shutil.copy(checkpoint, tmp_path / "elsewhere" / "renamed.ckpt"))
    assert describe(moved).core() == describe(checkpoint).core()


def test_what_is_left_aside_is_no_part_of_the_digest(checkpoint: Path, tmp_path: Path) -> None:
    bare = write(tmp_path / "bare.pt", simclr(cnn_mamba()))
    assert describe(bare).weights_digest == describe(checkpoint).weights_digest


@pytest.mark.parametrize("key", ["encoder.cnn.layers.0.bn.running_var", "encoder.mamba.layers.1.ssm.D"])
def test_other_weights_are_another_digest(key: str, checkpoint: Path, tmp_path: Path) -> None:
    weights = moco(cnn_mamba())
    weights[key] = weights[key] + 1e-3
    other = write(tmp_path / "other.pt", {"model_state_dict": weights})
    assert describe(other).weights_digest != describe(checkpoint).weights_digest


def test_a_file_that_is_replaced_is_read_again(checkpoint: Path) -> None:
    before = describe(checkpoint).weights_digest
    weights = simclr(cnn_mamba())
    weights["encoder.mamba.norm_f.weight"] += 1
    write(checkpoint, weights)
    assert describe(checkpoint).weights_digest != before


def test_half_precision_weights_are_computed_with_in_full(tmp_path: Path) -> None:
    halves = {
        key: value.half() if value.is_floating_point() else value for key, value in moco(cnn_mamba()).items()
    }
    backbone = load_backbone(settings(write(tmp_path / "half.pt", halves)))
    assert {weight.dtype for weight in backbone.model.parameters()} == {torch.float32}


class Surprise:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("ran-at-loading"),)


@pytest.mark.parametrize("beside", [Surprise(), argparse.Namespace(lr=0.1)], ids=["code", "settings"])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_that_would_run_code_is_refused(
    beside: object, zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "unsafe.pt"
    content = {"model_state_dict": moco(cnn_mamba()), "config": beside}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(
        BackboneError, match=r"to load would run code.*save it again.*model_state_dict"
    ) as error:
        load_backbone(settings(path))
    assert ("argparse.Namespace" in str(error.value)) == isinstance(beside, argparse.Namespace)
    assert not (tmp_path / "ran-at-loading").exists()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_truncated_file_is_an_error(share: float, zipped: bool, checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.pt"
    torch.save(moco(cnn_mamba()), path, _use_new_zipfile_serialization=zipped)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(BackboneError, match=r"cut\.pt cannot be read .*fetch it again"):
        load_backbone(settings(path))


def test_a_changed_byte_is_at_most_a_backbone_error(checkpoint: Path) -> None:
    random, whole = np.random.default_rng(0), checkpoint.read_bytes()
    for at in random.integers(0, len(whole), 60):
        changed = bytearray(whole)
        changed[at] ^= 1 << random.integers(8)
        checkpoint.write_bytes(changed)
        with contextlib.suppress(BackboneError):
            load_backbone(settings(checkpoint))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "holds a list; expected a dict of weights"),
        ({"epoch": 3}, "holds no weights by name"),
        ({"state_dict": {"a": 1}}, "holds no weights by name"),
        (
            {"fc.weight": torch.zeros(2)},
            r"layout of .* is not known \(its weights are named fc.weight, ...\)",
        ),
        ({"a": torch.zeros(2, 2).to_sparse()}, "holds no weights by name"),
    ],
)
def test_a_file_of_something_else_is_an_error(content: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(BackboneError, match=message):
        describe(write(tmp_path / "other.pt", content))


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BackboneError, match=r"there is no file .*gone\.pt"):
        describe(tmp_path / "gone.pt")


def test_a_file_of_another_kind_names_the_kinds_that_are_read(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"")
    with pytest.raises(BackboneError, match=r"is a file; of files only \.pt, \.pth and \.ckpt are read"):
        describe(tmp_path / "weights.bin")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("encoder.mamba.layers.1.ssm.D", None, r"lacks 1 weights \(mamba\.layers\.1\.mixer\.D\)"),
        (
            "encoder.cnn.layers.1.attention.weight",
            torch.ones(3),
            r"has unknown 1 weights \(cnn.layers.1.attention",
        ),
        ("surprise", torch.ones(3), r"has unknown 1 weights \(surprise\)"),
        (
            "encoder.mamba.layers.1.norm.weight",
            torch.ones(3),
            r"has misshapen 1 weights \(mamba.layers.1.norm",
        ),
    ],
)
def test_weights_that_do_not_fit_are_named(
    key: str, value: torch.Tensor | None, message: str, tmp_path: Path
) -> None:
    weights = simclr(cnn_mamba())
    weights.pop(key, None)
    if value is not None:
        weights[key] = value
    with pytest.raises(BackboneError, match=message):
        load_backbone(settings(write(tmp_path / "changed.pt", weights)))
