"""Split files: the folds must be those that the JSON lists."""

import json
import random
from pathlib import Path

from heartfeat.cohorts.split_files import load_splits

from .mutate import NASTY, mutate_text
from .outcome import check

OWN = {
    "format": "heartfeat splits",
    "kind": "kfold",
    "seed": 3,
    "cohort": "abc",
    "folds": [{"train": ["101"], "valid": ["102"], "test": ["103"]}] * 2,
}
GIVEN = {"split": {"train": [101, "104"], "valid": ["102"], "test": ["103"]}}
VALUES = (None, True, False, 0, -1, 1.5, 10**30, [], {}, "", "x", *NASTY)


def case(rng: random.Random, folder: Path) -> None:
    tree = json.loads(json.dumps(rng.choice((OWN, GIVEN))))
    chance = rng.random()
    if chance < 0.5:
        _replace(rng, tree)
    content = json.dumps(tree, indent=1).encode()
    if chance > 0.45:
        content = mutate_text(rng, content.decode(), separator=rng.choice((":", ",")))
    if chance > 0.98:
        content = b"[" * 100_000 if rng.random() < 0.5 else b'{"a":' * 100_000
    path = folder / "split.json"
    path.write_bytes(content)
    splits = load_splits(path)
    listed = json.loads(content, object_pairs_hook=_once)
    own = listed.get("format") == OWN["format"]
    folds = listed["folds"] if own else list(listed.values())
    for fold, wanted in zip(splits.folds, folds, strict=True):
        for side, patients in fold.sides().items():
            check(list(patients) == [str(name) for name in wanted[side]], f"{side} differs: {patients}")
    if own:
        check((splits.kind, splits.seed) == (listed["kind"], listed["seed"]), "kind or seed differs")
        check(not isinstance(splits.seed, bool), "a yes or no passes for a seed")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    check(len(dict(pairs)) == len(pairs), f"a key is there twice: {[name for name, _ in pairs]}")
    return dict(pairs)


def _replace(rng: random.Random, tree: object) -> None:
    """Put another value somewhere in the tree."""
    node = tree
    while isinstance(node, dict | list) and node:
        key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
        inner = node[key]
        if not (isinstance(inner, dict | list) and inner) or rng.random() < 0.3:
            node[key] = rng.choice(VALUES)
            return
        node = inner
