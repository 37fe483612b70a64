import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from heartfeat.config import Config, dump_config, load_config, parse_config, validate
from heartfeat.errors import ConfigError
from heartfeat.pretraining.settings import PretrainSettings

MINIMAL = {"data": {"path": "somewhere"}}


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "heartfeat.yaml"
    path.write_text(yaml.safe_dump(MINIMAL))
    return path


def test_minimal_config_has_working_defaults(written):
    config = load_config(written)
    assert list(config.backbones) == ["logmel"]
    assert config.views == "tta5"
    assert config.task == "murmur"
    assert config.head("logistic").kind == "logistic"


def test_overrides_reach_nested_keys(written):
    config = load_config(
        written, ["split.folds=3", "backbones.logmel.bands=32", "heads.mambaformer.epochs=2"]
    )
    assert config.split.folds == 3
    assert config.backbones["logmel"].bands == 32
    assert config.head("mambaformer").epochs == 2


def test_explicit_head_settings_win_over_the_file(written):
    config = load_config(written, ["heads.mambaformer.epochs=2"])
    assert config.head("mambaformer", epochs=5, seed=None).epochs == 5


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("split.fold=3", "split.fold is not a known key; did you mean 'folds'"),
        ("vieuws=none", "vieuws is not a known key; did you mean 'views'"),
        ("backbones.logmel.band=3", "backbones.logmel: band is not a known key; did you mean 'bands'"),
        ("heads.mambaformer.epoch=3", "heads.mambaformer: epoch is not a known key; did you mean 'epochs'"),
        ("heads.mambaforma.epochs=3", "no such head; did you mean 'mambaformer'"),
        ("backbones.mine.family=logmell", "did you mean 'logmel'"),
        ("split.folds=1", "greater than or equal to 2"),
        ("split.folds", "--set wants key=value"),
        ("views.a=1", "--set views.a=1"),
        ("store=[", "is not a yaml value"),
    ],
)
def test_a_wrong_override_is_refused_and_the_remedy_named(tmp_path, override, message):
    path = tmp_path / "heartfeat.yaml"
    path.write_text(yaml.safe_dump({**MINIMAL, "views": "none"}))
    with pytest.raises(ConfigError) as caught:
        load_config(path, [override])
    assert message in str(caught.value)


def test_a_missing_file_names_init(tmp_path):
    with pytest.raises(ConfigError, match="heartfeat init"):
        load_config(tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "- 1\n- 2",
        "\x00",
        "data: 3",
        "data:\n  path: 1\nbackbones: 7",
        "data: {path: ~nobody-here/x}\nsplit: {folds: 2, folds: 3}",
        "2001-01-01: x",
        "backbones: {logmel: {family: []}}",
        'backbones: {"a\\nb": {}}',
        'store: "a\\0.zarr"',
        'data: {path: "a\\0"}',
        'data: {path: sounds, name: "../a"}',
        "split: {folds: 1000000000}",
        "heads: &h {logistic: *h}",
        "x" * 100_000 + ": 1",
        "store: [" + "x, " * 100_000 + "]",
    ],
)
def test_a_malformed_file_is_a_config_error_on_one_line(tmp_path, text):
    path = tmp_path / "heartfeat.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_the_home_of_a_user_who_does_not_exist_is_an_ordinary_path():
    assert str(parse_config({"data": {"path": "~nobody-here/x"}}).data.path) == "~nobody-here/x"


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path):
    path = tmp_path / "heartfeat.yaml"
    path.write_text("views: none\n", encoding="utf-8-sig")
    assert load_config(path).views == "none"


def test_a_config_without_data_serves_those_who_have_a_store_only():
    config = parse_config({"store": "shared/hospital.zarr"})
    assert config.data is None
    assert str(config.split_file()) == "splits/hospital-murmur-kfold5-seed0.json"


def test_views_may_be_a_yaml_list():
    assert parse_config({"views": ["clean", "gain-6"]}).views == "clean,gain-6"


def test_no_backbones_at_all_are_refused():
    with pytest.raises(ConfigError, match="backbones"):
        parse_config({"backbones": {}})


def test_data_path_expands_variables(monkeypatch):
    monkeypatch.setenv("SOUNDS", "/sounds")
    assert str(parse_config({"data": {"path": "$SOUNDS/circor"}}).data.path) == "/sounds/circor"


def test_a_missing_key_is_named():
    with pytest.raises(ConfigError, match=r"data\.path is missing"):
        parse_config({"data": {}})


def test_an_unknown_head_lists_the_heads():
    with pytest.raises(ConfigError, match="logistic"):
        parse_config(MINIMAL).head("transformer")
    with pytest.raises(ConfigError, match="did you mean 'lgbm'"):
        parse_config(MINIMAL).head("lgb")


def test_split_file_defaults_to_a_name_made_of_what_shapes_it():
    config = parse_config({"data": {"path": "p", "name": "mine"}, "split": {"seed": 4}})
    assert str(config.split_file()) == "splits/mine-murmur-kfold5-seed4.json"


@given(
    folds=st.integers(2, 20),
    bands=st.integers(1, 200),
    epochs=st.integers(1, 500),
    views=st.sampled_from(["none", "tta5", "clean,noise20"]),
)
def test_dumped_config_reads_back_equal(tmp_path_factory, folds, bands, epochs, views):
    config = parse_config(
        {
            "data": {"path": "p"},
            "views": views,
            "split": {"folds": folds},
            "backbones": {"mel": {"bands": bands}, "w2v": {"family": "transformers", "model": "org/name"}},
            "heads": {"mambaformer": {"epochs": epochs}},
        }
    )
    path = tmp_path_factory.mktemp("config") / "heartfeat.yaml"
    path.write_text(dump_config(config))
    assert load_config(path) == config
    assert isinstance(config, Config)


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (
            {"split": {"fractions": "0.5,0.5"}},
            r"fractions is '0.5,0.5'; expected a list, such as \[0.7, 0.2, 0.1\]$",
        ),
        ({"split": {"fractions": [0.5, 0.5]}}, r"split.fractions has too few values; got \[0.5, 0.5\]"),
        (
            {"calibration": "temprature"},
            r"is 'temprature'; did you mean 'temperature'\? Known: temperature, is",
        ),
        (
            {"split": {"by": "site"}},
            "c: split: kind leave-one-out and by go together: by names the col[^;]*$",
        ),
        ({"store": "a\tb"}, "c: store: expected a path of at most 1,000 visible characters; got"),
        ({"heads": {"mambaformer": {"inner_folds": 0}}}, "2 or more, or patient_weight above 0, such as 1$"),
    ],
)
def test_a_value_that_does_not_fit_is_told_in_words_for_whoever_wrote_it(tree, message):
    with pytest.raises(ConfigError, match=message):
        parse_config(tree, "c")


def test_an_architecture_that_is_not_known_is_answered_with_the_nearest():
    tree = {"data": [{"path": "sounds"}], "encoder": {"architecture": "pgc"}}
    with pytest.raises(
        ConfigError, match=r"encoder.architecture is 'pgc'; did you mean 'pcg'\? Known: pcg, "
    ):
        validate(PretrainSettings, tree, "recipe.yaml")
