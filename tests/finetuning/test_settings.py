import pytest
import yaml

from heartfeat.config import dump_config, parse_config
from heartfeat.errors import ConfigError


def test_a_misspelt_key_is_refused_and_the_nearest_one_named():
    with pytest.raises(ConfigError, match=r"finetune\.layr_decay.*did you mean 'layer_decay'"):
        parse_config({"finetune": {"layr_decay": 0.5}})


def test_a_misspelt_key_of_a_stage_is_refused_and_the_nearest_one_named():
    stage = {"train": "top", "layrs": 2, "epochs": 1}
    with pytest.raises(ConfigError, match=r"finetune\.stages\.0\.layrs.*did you mean 'layers'"):
        parse_config({"finetune": {"stages": [stage]}})


@pytest.mark.parametrize(
    "stage", [{"train": "top", "epochs": 1}, {"train": "all", "layers": 2, "epochs": 1}], ids=["top", "all"]
)
def test_layers_go_with_top_and_with_nothing_else(stage):
    with pytest.raises(ConfigError, match="layers go together"):
        parse_config({"finetune": {"stages": [stage]}})


@pytest.mark.parametrize(
    "given", [{}, {"stages": [{"train": "all", "epochs": 2}], "class_weights": [4, 3, 1], "seed": 3}]
)
def test_settings_are_written_as_they_are_read_and_defaults_not_at_all(given):
    config = parse_config({"finetune": given})
    text = dump_config(config)
    assert parse_config(yaml.safe_load(text)) == config
    assert ("finetune" in text) == bool(given)
