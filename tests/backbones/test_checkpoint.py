import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from heartfeat.backbones.load import load_backbone
from heartfeat.backbones.settings import TransformersSettings
from heartfeat.errors import BackboneError

Tiny = Callable[[str], Path]


def load(model: object) -> object:
    return load_backbone(TransformersSettings(name="tiny", model=str(model), window_seconds=1.0))


@pytest.fixture
def checkpoint(tiny: Tiny, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny("wav2vec2-group-norm"), tmp_path / "checkpoint"))


def edit_weights(folder: Path, edit: Callable[[dict], object]) -> None:
    path = folder / "model.safetensors"
    weights = load_file(path)
    edit(weights)
    save_file(weights, path, metadata={"format": "pt"})


def test_a_missing_model_names_the_download_command() -> None:
    with pytest.raises(BackboneError, match="hf download nobody/no-such-model"):
        load("nobody/no-such-model")


def test_missing_weights_are_an_error(checkpoint: Path) -> None:
    edit_weights(checkpoint, lambda weights: weights.pop("encoder.layers.1.attention.k_proj.weight"))
    with pytest.raises(BackboneError, match=r"lacks 1 weights \(encoder.layers.1.attention.k_proj.weight\)"):
        load(checkpoint)


def test_unknown_weights_are_an_error(checkpoint: Path) -> None:
    edit_weights(checkpoint, lambda w: w.update(surprise=w["masked_spec_embed"]))
    with pytest.raises(BackboneError, match=r"has unknown 1 weights \(surprise\)"):
        load(checkpoint)


def test_misshapen_weights_are_an_error(checkpoint: Path) -> None:
    edit_weights(
        checkpoint, lambda w: w.update({"encoder.layer_norm.bias": w["encoder.layer_norm.bias"][:3]})
    )
    with pytest.raises(BackboneError, match=r"encoder\.layer_norm\.bias"):
        load(checkpoint)


def test_a_head_and_a_training_embedding_may_differ(checkpoint: Path) -> None:
    edit_weights(checkpoint, lambda w: w.update({"lm_head.weight": w.pop("masked_spec_embed")}))
    load(checkpoint)


def test_pickled_weights_are_not_read(checkpoint: Path) -> None:
    (checkpoint / "model.safetensors").rename(checkpoint / "pytorch_model.bin")
    with pytest.raises(BackboneError, match="holds no safetensors weights"):
        load(checkpoint)


def test_an_unknown_architecture_names_the_known_ones(checkpoint: Path) -> None:
    config = json.loads((checkpoint / "config.json").read_text())
    (checkpoint / "config.json").write_text(json.dumps({**config, "model_type": "bert"}))
    with pytest.raises(BackboneError, match="is a 'bert'; known architectures are wav2vec2, hubert"):
        load(checkpoint)


@pytest.mark.parametrize("text", ["{", "[1, 2]"])
def test_a_damaged_config_is_an_error(text: str, checkpoint: Path) -> None:
    (checkpoint / "config.json").write_text(text)
    with pytest.raises(BackboneError, match=r"config\.json cannot be read"):
        load(checkpoint)
