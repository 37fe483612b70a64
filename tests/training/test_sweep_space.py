import pytest

from heartfeat.errors import ConfigError
from heartfeat.training.sweep_space import Range, Space, read_space


def test_grids_are_yaml_values_between_commas():
    space = read_space("mambaformer", ["width=32,64", "scales=[1],[1,4]", "class_weights=null,[4,3,1]"], None)
    assert dict(space.settings) == {
        "width": (32, 64),
        "scales": ([1], [1, 4]),
        "class_weights": (None, [4, 3, 1]),
    }
    grid = list(space.grid())
    assert len(grid) == 8
    assert grid[:2] == [
        {"width": 32, "scales": [1], "class_weights": None},
        {"width": 32, "scales": [1], "class_weights": [4, 3, 1]},
    ]


def test_a_file_holds_lists_and_ranges(tmp_path):
    (tmp_path / "space.yaml").write_text(
        "penalty: {low: 0.01, high: 1, log: true}\ninner_folds: {low: 2, high: 4}\n"
    )
    space = read_space("logistic", ["metadata=true,false"], tmp_path / "space.yaml")
    assert space.settings["penalty"] == Range(low=0.01, high=1, log=True)
    assert space.settings["inner_folds"].whole
    assert not space.settings["penalty"].whole
    with pytest.raises(ConfigError, match="--search tpe"):
        list(space.grid())


@pytest.mark.parametrize(
    ("grid", "reason"),
    [
        ([], "say what to try"),
        (["penalty"], "key=value,value"),
        (["penalty="], "key=value,value"),
        (["=1"], "key=value,value"),
        (["penalty=1", "penalty=2"], "given twice"),
        (["penalty=1,1"], "twice"),
        (["penalty=1,["], "yaml|expected"),
        (["penelty=1"], "did you mean 'penalty'"),
        (["kind=lgbm"], "no setting"),
    ],
)
def test_what_is_no_grid_is_refused(grid, reason):
    with pytest.raises(ConfigError, match=reason):
        read_space("logistic", grid, None)


@pytest.mark.parametrize(
    "text",
    [
        "[1, 2]",
        "penalty: 3",
        "penalty: []",
        "penalty: {low: 2, high: 1}",
        "penalty: {low: 0, high: 1, log: true}",
        "penalty: {low: 1, high: 2, steps: 3}",
        "penalty: {low: a, high: 2}",
        "penalty: {low: 1, high: 2, step: 0}",
        "a: [",
        "\x00",
    ],
)
def test_what_is_no_space_is_refused(tmp_path, text):
    (tmp_path / "space.yaml").write_text(text)
    with pytest.raises(ConfigError, match="space"):
        read_space("logistic", [], tmp_path / "space.yaml")
    with pytest.raises(ConfigError, match=r"absent\.yaml"):
        read_space("logistic", [], tmp_path / "absent.yaml")


def test_a_grid_of_one_setting_has_its_values():
    assert list(Space({"penalty": (1, 2)}).grid()) == [{"penalty": 1}, {"penalty": 2}]
