"""Ways to change a store's files and the JSON in them."""

import json
import random
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from .mutate import NASTY, mutate_bytes, mutate_text

VALUES = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2,
    7,
    2**31,
    2**62,
    10**30,
    0.5,
    [],
    {},
    [0],
    "",
    "float32",
    "int64",
    *NASTY,
)
NEVER_OTHERWISE = ("truncate", "extend", "empty", "delete", "folder")
"""What must not change a single number that is read, verified or not."""


def damage_file(rng: random.Random, path: Path, others: list[Path]) -> str:
    how = rng.choice((*NEVER_OTHERWISE, "truncate", "bytes", "bytes", "zero", "swap"))
    if not path.is_file():
        return "delete"
    content = path.read_bytes()
    match how:
        case "truncate":
            path.write_bytes(content[: rng.randrange(len(content) + 1)])
        case "extend":
            path.write_bytes(content + rng.randbytes(rng.choice((1, 2, 64, 4096))))
        case "empty":
            path.write_bytes(b"")
        case "delete":
            path.unlink()
        case "folder":
            path.unlink()
            path.mkdir()
        case "bytes":
            path.write_bytes(mutate_bytes(rng, content))
        case "zero":
            start = rng.choice((0, 0, rng.randrange(len(content) + 1)))
            length = rng.choice((1, 8, 512, len(content)))
            path.write_bytes((content[:start] + bytes(length) + content[start + length :])[: len(content)])
        case "swap":
            other = rng.choice(others)
            if other.is_file():
                path.write_bytes(other.read_bytes())
                other.write_bytes(content)
    return how


def change_json(rng: random.Random, text: str) -> str:
    if rng.random() < 0.15:
        return mutate_text(rng, text, separator=":").decode("utf-8", "replace")
    if rng.random() < 0.02:
        return '{"attributes":' * 100_000
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return text[: len(text) // 2]  # an earlier change already made it something else
    _change_tree(rng, tree)
    return json.dumps(tree)


def _change_tree(rng: random.Random, node: Any) -> None:
    """Replace, remove or double something at a random place."""
    while isinstance(node, dict | list) and node:
        key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
        inner = node[key]
        if isinstance(inner, dict | list) and inner and rng.random() < 0.75:
            node = inner
            continue
        chance = rng.random()
        if chance < 0.2:
            del node[key]
        elif chance < 0.3 and isinstance(node, list):
            node.append(inner)
        elif chance < 0.5 and type(inner) in (int, float):
            node[key] = inner + rng.choice((-1, 1, 2, 1000))
        else:
            node[key] = rng.choice(VALUES)
        return


def change_hdf5(rng: random.Random, path: Path) -> None:
    with h5py.File(path, "r+") as file:
        groups = [file]
        file.visititems(lambda name, item: groups.append(item) if isinstance(item, h5py.Group) else None)
        group = rng.choice(groups)
        if rng.random() < 0.1:
            group.attrs["attributes"] = rng.choice((3, b"x", [1.0, 2.0], "", "[]", "\u00e9", "{", "null"))
        elif "attributes" in group.attrs:
            changed = change_json(rng, group.attrs["attributes"].decode()).replace("\0", "")
            group.attrs["attributes"] = np.bytes_(changed.encode())
