import pytest
import yaml

from heartfeat.config import validate
from heartfeat.pretraining.settings import PretrainSettings

from .tiny import make_settings
from .training import Stopped, train, weights


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return train(make_settings(), tmp_path_factory.mktemp("trained") / "enc", left_out={"c": 3})


def test_the_folder_holds_the_checkpoint_and_what_tells_of_it(trained):
    names = {path.name for path in trained.folder.iterdir()}
    assert names == {"config.json", "model.safetensors", "training.json", "curves.svg", "README.md"}
    assert [path.name for path in trained.folder.parent.iterdir()] == ["enc"]
    assert len({path.stat().st_mode for path in trained.folder.iterdir()}) == 1, (
        "who may read one may read all"
    )


def test_the_card_says_what_was_learned_from_and_what_was_not(trained):
    card = (trained.folder / "README.md").read_text()
    assert "no labels were read" in card
    assert "| c | 8 | 4 | 4 | 0.007 |" in card
    assert "2 people of c: only the probe heard them" in card
    assert "3 patients of c: they" in card
    assert "ODC-BY" in card
    assert "CinC" not in card
    assert "Seed: 0" in card
    assert "heartfeat pretrain --precision fp32 --device cpu recipe.yaml --out enc" in card
    assert trained.record.machine in card
    assert "nowhere" not in card
    assert '"model_type": "heartfeat-pcg"' in card


def test_the_card_s_recipe_trains_the_same(trained, tmp_path):
    card = (trained.folder / "README.md").read_text()
    recipe = next(part for part in card.split("```yaml\n")[1:] if part.startswith("data:")).split("```")[0]
    settings = validate(PretrainSettings, yaml.safe_load(recipe), "card")
    assert settings.data[0].name == "c"
    assert weights(train(settings, tmp_path / "again").folder) == weights(trained.folder)


def test_the_bar_of_transformers_is_not_shown(tmp_path, capfd):
    train(make_settings(steps=1), tmp_path / "a")
    assert "shard" not in capfd.readouterr().err


def test_an_older_checkpoint_stays_until_the_new_one_is_whole(tmp_path):
    old = weights(train(make_settings(), tmp_path / "a").folder)
    with pytest.raises(Stopped):
        train(make_settings(seed=1), tmp_path / "a", stop_at=5)
    assert weights(tmp_path / "a") == old
    assert weights(train(make_settings(seed=1), tmp_path / "a").folder) != old
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
