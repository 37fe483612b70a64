"""heartfeat.yaml: every value that is accepted must be the one that the file gives."""

import random
from pathlib import Path
from typing import Any

import yaml

from heartfeat.config import Config, dump_config, load_config

from .make_corpus import CORPUS
from .mutate import NASTY, mutate_text
from .outcome import check

LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
)
SNIPPETS = (
    LAUGHS,
    LAUGHS + "\ndata: {path: *a11}",
    LAUGHS + "\nbackbones: *a11",
    "data: &d\n  path: *d",
    "heads: &h {logistic: *h}",
    "backbones: &b {logmel: {bands: *b}}",
    "split: {folds: 2, folds: 3}",
    "store: a.zarr\nstore: b.zarr",
    "base: &base {folds: 3}\nsplit: {<<: *base}",
    "split:\n  <<: {seed: 4}\n  seed: 5",
    "? [1, 2]\n: 3",
    "2001-01-01: x",
    "1: x",
    "null: x",
    "data: {path: 2001-99-99}",
    "data: {path: 2001-01-01}",
    "data: {path: ~nobody-here/x}",
    "data: {path: $HOME/x, name: 1}",
    "!!python/object/apply:os.system ['true']",
    "store: !!python/name:os.system",
    "store: !!int ''",
    "store: !!bool maybe",
    "store: !!timestamp never",
    "store: !!float x",
    "store: !!binary x",
    "views: !!set {clean, gain-6}",
    "views: [clean, [gain-6]]",
    "%YAML 9.9\n---\nviews: none",
    "views: none\n---\nviews: tta5",
    "\tviews: none",
    "split: {seed: " + "9" * 5000 + "}",
    "split: {seed: " + "9" * 4000 + "}",
    "split: {folds: 1:30}",
    "split: {folds: 0o17}",
    "split: {fractions: [.nan, .nan, .nan], kind: holdout}",
    "split: {fractions: [.inf, 0, 0]}",
    "split: {fractions: [1, 2]}",
    "backbones: {logmel: {family: []}}",
    "backbones: {logmel: {token_rate: .inf}}",
    "backbones: {logmel: {bands: 1e400}}",
    "backbones: {'a\\nb': {}}",
    "heads: {logistic: 3}",
    "heads: {mambaformer: {scales: []}}",
    "heads: " + "[" * 5000,
    "heads: " + "{a: " * 5000,
    "heads: " + "[" * 200 + "]" * 200,
    "- " * 3000,
    "x" * 200_000 + ": 1",
    "# " + "x" * 1_100_000,
)
VALUES = (
    *NASTY,
    "null",
    "true",
    "3",
    "-3",
    "2.5",
    "1e9",
    "[]",
    "{}",
    "[1, 2]",
    "{a: 1}",
    "*x",
    "&x 1",
    "!!str 3",
)


def case(rng: random.Random, folder: Path) -> None:
    content = changed_config(rng, (CORPUS / "config.yaml").read_text())
    path = folder / "config.yaml"
    path.write_bytes(content)
    overrides = [changed_override(rng)] if rng.random() < 0.2 else []
    config = load_config(path, overrides)
    if not overrides:
        compare(config, yaml.load(content, Loader=_Once))
    again = folder / "again.yaml"
    again.write_text(dump_config(config), encoding="utf-8")
    check(load_config(again) == config, "what is written does not read back equal")


def changed_config(rng: random.Random, text: str) -> bytes:
    """A config with values, lines or bytes changed, or with a snippet put before or behind it."""
    chance = rng.random()
    if chance < 0.35:
        lines = text.splitlines()
        at = rng.randrange(len(lines))
        key, colon, _ = lines[at].partition(":")
        lines[at] = f"{key}{colon} {rng.choice(VALUES)}"
        return "\n".join(lines).encode()
    if chance < 0.7:
        return mutate_text(rng, text, separator=":")
    snippet = rng.choice(SNIPPETS)
    return rng.choice((snippet, f"{text}{snippet}\n", f"{snippet}\n{text}")).encode()


def changed_override(rng: random.Random) -> str:
    key = rng.choice(
        ("split.folds", "split", "views.a", "heads.logistic", "backbones.x.bands", "..", "a", "")
    )
    return f"{key}{rng.choice(('=', '=', '=', ''))}{rng.choice((*VALUES, *SNIPPETS[12:]))}"


class _Once(yaml.SafeLoader):
    """The library's own loader, but that a repeated key is a failure."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [(key.tag, key.value) for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        check(len(set(names)) == len(names), f"a key of {names} is there twice, and one of them is taken")
        return super().construct_mapping(node, deep)


def compare(config: Config, tree: dict[str, Any] | None) -> None:
    """Every value in the file against the setting of the same name."""
    for key, value in (tree or {}).items():
        _compare(getattr(config, key), value, key)


def _compare(setting: object, value: object, where: str) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _compare(
                setting[key] if isinstance(setting, dict) else getattr(setting, key), inner, f"{where}.{key}"
            )
    elif isinstance(value, list) and where != "views":
        check([*setting] == value, f"{where} is {setting!r}, the file has {value!r}")
    elif isinstance(value, str) and isinstance(setting, int | float):
        check(float(value) == setting, f"{where} is {setting!r}, the file has {value!r}")
    elif isinstance(setting, Path):
        check(setting == Path(value) or value[:1] in "~$", f"{where} is {setting}, the file has {value!r}")
    elif value is not None and where != "views":
        check(setting == value, f"{where} is {setting!r}, the file has {value!r}")
