import json
import re
import sys
import tomllib
from pathlib import Path

import pytest

from heartfeat.config import parse_config
from heartfeat.errors import ConfigError, RunError
from heartfeat.heads.head import HeadState
from heartfeat.heads.registry import head_class, head_names, head_settings, make_head

DOCS = (Path(__file__).parents[2] / "docs/heads.md").read_text(encoding="utf-8")


def block(language):
    found = re.search(rf"^```{language}\n(.*?)^```", DOCS, re.MULTILINE | re.DOTALL)
    assert found
    return found.group(1)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """``install(source, points, name, module)``: a distribution on the path, gone after the test."""
    modules = []

    def put(source, points, name="my-heads", module="my_heads"):
        folder = tmp_path / name
        info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / f"{module}.py").write_text(source, encoding="utf-8")
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8"
        )
        lines = [f"{head} = {value}" for head, value in points.items()]
        text = "\n".join(["[heartfeat.heads]", *lines])
        (info / "entry_points.txt").write_text(text + "\n", encoding="utf-8")
        monkeypatch.syspath_prepend(folder)
        modules.append(module)

    yield put
    for module in modules:
        sys.modules.pop(module, None)


@pytest.fixture
def prototype(install):
    """The example of the docs, installed as the docs say."""
    project = tomllib.loads(block("toml"))["project"]
    assert project["version"] == "1.0"
    install(block("python"), project["entry-points"]["heartfeat.heads"], project["name"])


def silent(what, done, total):
    """Progress that nobody sees."""


def broken(old, new):
    source = block("python")
    assert old in source
    return source.replace(old, new)


def fitted(examples):
    head = make_head(head_settings("prototype")())
    head.fit(examples, examples.take([]), silent)
    return head


def used_in_every_way(examples):
    head = fitted(examples)
    head.predict(examples)
    type(head).from_state(head.state())


def test_the_example_of_the_docs_is_a_head_like_any_other(prototype, pooled_examples):
    assert head_names()[-1] == "prototype"
    assert head_class("prototype") is head_class("prototype")
    train, unseen = pooled_examples(60, ("clean", "gain-6")), pooled_examples(30, ("clean", "gain-6"), seed=3)
    head = fitted(train)
    said = head.predict(unseen.without_labels())
    assert (said.patients.argmax(2) == unseen.labels).mean() > 0.6
    state = head.state()
    copied = HeadState(json.loads(json.dumps(dict(state.settings))), state.arrays)
    again = head_class("prototype").from_state(copied)
    assert (again.predict(unseen).patients == said.patients).all()


def test_its_settings_are_checked_like_those_of_any_other(prototype):
    config = parse_config({"heads": {"prototype": {"sharpness": 0.5}}})
    assert config.head("prototype").sharpness == 0.5
    with pytest.raises(
        ConfigError, match=r"heads.prototype: sharpnes is not a known key; did you mean 'sharpness'"
    ):
        parse_config({"heads": {"prototype": {"sharpnes": 0.5}}})
    with pytest.raises(ConfigError, match="did you mean 'prototype'"):
        head_class("prototipe")


def test_a_head_that_is_not_installed_is_not_known():
    assert "prototype" not in head_names()
    assert head_settings("prototype") is None


@pytest.mark.parametrize(
    ("source", "value", "message"),
    [
        ("import nowhere_to_be_found", "my_heads:Prototype", "failed in its import: ModuleNotFoundError"),
        ("1 / 0", "my_heads:Prototype", r"ZeroDivisionError: division by zero \(.*my_heads.py, line 1\)"),
        ("", "my_heads:Prototype", "failed in its import: AttributeError"),
        ("class Prototype: fit = None", "my_heads:Prototype", "lacks predict, state, from_state"),
        (broken("= PrototypeSettings\n", "= dict\n"), "my_heads:Prototype", "must be a pydantic model"),
        (
            broken('= "prototype"', '= "other"').replace('["prototype"]', "['other']"),
            "my_heads:Prototype",
            "field `kind",
        ),
    ],
)
def test_what_is_no_head_is_refused_by_the_name_of_its_distribution(install, source, value, message):
    install(source, {"prototype": value})
    with pytest.raises(ConfigError, match=message) as caught:
        head_class("prototype")
    assert f"the head 'prototype' of my-heads 1.0 ({value})" in str(caught.value)


def test_a_name_that_two_distributions_bring_is_refused(prototype, install):
    install("", {"prototype": "elsewhere:Head"}, "their-heads", "elsewhere")
    with pytest.raises(ConfigError, match=r"my-heads 1.0 \(my_heads:Prototype\), their-heads 1.0"):
        head_class("prototype")


def test_the_names_of_our_own_heads_cannot_be_taken(install):
    ours = head_class("linear")
    install(block("python"), {"linear": "my_heads:Prototype"})
    assert head_class("linear") is ours
    assert head_names().count("linear") == 1


@pytest.mark.parametrize(
    ("old", "new", "method", "message"),
    [
        ("        self.settings = settings", "        raise ValueError('no')", "__init__", "ValueError: no"),
        ('progress("prototypes", 1, 1)', "self.gone", "fit", "has no attribute 'gone'"),
        ("return Prediction(", "return dict(", "predict", "has no attribute 'patients'"),
        (
            "patients=sums / counts[:, None]",
            "patients=sums[0]",
            "predict",
            r"shape \(12, 3\), expected \(1, 12, 3\)",
        ),
        ("patients=sums / counts[:, None]", "patients=sums + 1", "predict", "sum to 1"),
        ("recordings=recordings", "recordings=recordings[:, 1:]", "predict", "the shape"),
        ('arrays = {"mean": self.mean', 'arrays = {"mean": self.means', "state", "'means'"),
        ('state.settings["settings"]', 'state.settings["setting"]', "from_state", "KeyError: 'setting'"),
    ],
)
def test_an_error_in_its_code_names_it(install, pooled_examples, old, new, method, message):
    install(broken(old, new), {"prototype": "my_heads:Prototype"})
    examples = pooled_examples(12)
    with pytest.raises(RunError, match=message) as caught:
        used_in_every_way(examples)
    assert f"the head 'prototype' of my-heads 1.0 (my_heads:Prototype) failed in {method}: " in str(
        caught.value
    )
    assert caught.value.__cause__ is not None


def test_errors_of_our_own_pass_through_it(install, pooled_examples):
    source = "from heartfeat.errors import ConfigError\n" + broken(
        'progress("prototypes", 1, 1)', 'raise ConfigError("too few")'
    )
    install(source, {"prototype": "my_heads:Prototype"})
    with pytest.raises(ConfigError, match=r"^too few$"):
        fitted(pooled_examples(6))
