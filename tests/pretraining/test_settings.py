from pathlib import Path

import pytest

from heartfeat.config import load_tree, validate
from heartfeat.errors import ConfigError
from heartfeat.pretraining.settings import PretrainSettings

from .tiny import PCG, make_settings

ROOT = Path(__file__).parents[2]
RECIPES = sorted(ROOT.glob("configs/pretrain_*.yaml"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"step": 5}, "step is not a known key"),
        ({"data": []}, "data"),
        ({"data": [{"path": "a"}, {"path": "b"}]}, "two cohorts have one name"),
        ({"objectives": [{"kind": "masked"}, {"kind": "masked"}]}, "may stand there once"),
        (
            {"objectives": [{"kind": "contrast", "cycle_weight": 0, "structure_weight": 0}]},
            "nothing to learn",
        ),
        ({"objectives": [{"kind": "masked", "block_seconds": [0.4, 0.1]}]}, "the shortest and the longest"),
        ({"objectives": [{"kind": "masked", "decoder_size": 25}]}, "multiple of 2"),
        ({"crops": {"noise_db": [-15, -1]}}, "standard deviation of 0 or more"),
        ({"encoder": {**PCG, "hidden_size": 18, "num_attention_heads": 4}}, "even multiple"),
        ({"encoder": {**PCG, "frame_rate": 60}}, "does not divide the sample rate 2000 Hz"),
        ({"encoder": {**PCG, "frame_rate": 10}}, "leaves gaps between frames"),
    ],
)
def test_a_recipe_that_cannot_be_meant_is_refused(changes, message):
    tree = make_settings().model_dump(mode="json")
    with pytest.raises(ConfigError, match=message):
        validate(PretrainSettings, {**tree, **changes}, "recipe")


def test_the_folder_of_a_leave_out_file_may_be_a_variable(monkeypatch):
    monkeypatch.setenv("SPLITS", "/somewhere")
    settings = make_settings(data=[{"path": "a", "leave_out": "$SPLITS/split.json"}])
    assert settings.data[0].leave_out == Path("/somewhere/split.json")


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_the_ready_recipes_are_valid_and_short(recipe, monkeypatch):
    monkeypatch.setenv("HEARTFEAT_DATA", "/data")
    settings = validate(PretrainSettings, load_tree(recipe, ()), recipe.name)
    assert all(str(one.path).startswith("/data/") for one in settings.data)
    assert len(recipe.read_text().splitlines()) <= 30


def test_the_recipe_of_pa_hcl_is_as_published():
    settings = validate(PretrainSettings, load_tree(ROOT / "configs/pretrain_pahcl.yaml", ()), "pahcl")
    encoder, (contrast,) = settings.encoder, settings.objectives
    assert encoder.model_dump() == {
        "architecture": "cnn_mamba",
        "hidden_size": 256,
        "num_hidden_layers": 4,
        "state_size": 16,
    }
    assert (contrast.method, contrast.temperature) == ("simclr", 0.07)
    assert (contrast.queue, contrast.momentum) == (8192, 0.999)
    assert contrast.cycle_weight > 0 < contrast.structure_weight
    assert settings.crops.start == "beat"
    assert 0.4 <= settings.crops.seconds <= 1.2


def test_there_are_two_recipes():
    assert [path.stem for path in RECIPES] == ["pretrain_pahcl", "pretrain_pcg"]
