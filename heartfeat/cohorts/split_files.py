"""Splits as JSON files: written once, reused by every head."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeGuard

from heartfeat.cohorts.folds import SIDES, Fold, Splits
from heartfeat.errors import SplitError
from heartfeat.messages import shorten
from heartfeat.replace import replace_file

_FORMAT = "heartfeat splits"
_FIELDS = ("kind", "seed", "cohort", "folds")


def save_splits(splits: Splits, path: str | Path, overwrite: bool = False) -> Path:
    """Write a split; a file that already holds the same one is left alone.

    Raises
    ------
    SplitError
        When the file is there and holds something else, unless ``overwrite`` is set.
    """
    path = Path(path)
    if path.exists() and not overwrite:
        if load_splits(path) == splits:
            return path
        raise SplitError(f"{path} holds another split; choose another file, or set overwrite to replace it")
    path.parent.mkdir(parents=True, exist_ok=True)
    tree = {
        "format": _FORMAT,
        "kind": splits.kind,
        "seed": splits.seed,
        "cohort": splits.cohort,
        **({} if splits.by is None else {"by": splits.by, "left_out": list(splits.left_out)}),
        "folds": [{side: list(patients) for side, patients in fold.sides().items()} for fold in splits.folds],
    }
    text = json.dumps(tree, indent=1) + "\n"
    replace_file(path, lambda beside: beside.write_text(text, encoding="utf-8"))
    return path


def load_splits(path: str | Path) -> Splits:
    """Read a split.

    Besides our own files, an object whose values each hold ``train``, ``valid`` and ``test`` is read, such as
    ``{"patients": {"train": [...], "valid": [...], "test": [...]}}``: each value is one fold of kind "given".

    Raises
    ------
    SplitError
        When the file is missing or is not such JSON; names the file.
    """
    path = Path(path)
    try:
        tree = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_without_repeats)
    except FileNotFoundError:
        raise SplitError(f"there is no split file {path}; make one first (heartfeat splits)") from None
    except (OSError, ValueError, RecursionError) as error:
        raise SplitError(f"{path} is not a split file: {error}") from error
    if not isinstance(tree, dict) or not tree:
        raise SplitError(f"{path} is not a split file: expected a JSON object")
    if tree.get("format") != _FORMAT:
        folds = tuple(_fold(path, name, fold) for name, fold in tree.items())
        return Splits(kind="given", seed=None, cohort="", folds=folds)
    return _own(path, tree)


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object's members; of two members of one name, JSON readers keep the last and say nothing."""
    tree = dict(pairs)
    if len(tree) != len(pairs):
        raise ValueError(f"a name is there twice in {[name for name, _ in pairs][:10]}")
    return tree


def _own(path: Path, tree: Mapping[str, object]) -> Splits:
    missing = [name for name in _FIELDS if name not in tree]
    if missing:
        raise SplitError(f"{path} is not a split file: it has no {missing[0]!r}")
    kind, seed, cohort, folds = (tree[name] for name in _FIELDS)
    if not isinstance(kind, str) or not isinstance(cohort, str) or not isinstance(folds, list):
        raise SplitError(f"{path} is not a split file: kind and cohort must be text, folds a list")
    if seed is not None and type(seed) is not int:
        raise SplitError(
            f"{path} is not a split file: seed must be a whole number or null; got {shorten(seed)}"
        )
    made = tuple(_fold(path, f"fold {number}", fold) for number, fold in enumerate(folds))
    by = tree.get("by")
    if by is None:
        return Splits(kind=kind, seed=seed, cohort=cohort, folds=made)
    values = tree.get("left_out")
    if not isinstance(by, str) or not _are_texts(values) or len(values) != len(made):
        raise SplitError(
            f"{path} is not a split file: by must name a column, and left_out the value that each fold tests on"
        )
    return Splits(kind=kind, seed=seed, cohort=cohort, folds=made, by=by, left_out=tuple(values))


def _are_texts(values: object) -> TypeGuard[list[str]]:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _fold(path: Path, name: str, fold: object) -> Fold:
    if not isinstance(fold, dict) or set(fold) != set(SIDES):
        raise SplitError(f"{path}: {name!r} must hold {', '.join(SIDES)} and nothing else")
    sides = {side: _patients(path, f"{name}, {side}", fold[side]) for side in SIDES}
    return Fold(**sides)


def _patients(path: Path, where: str, patients: object) -> tuple[str, ...]:
    if not isinstance(patients, list) or not all(type(patient) in (str, int) for patient in patients):
        raise SplitError(f"{path}: {where} must be a list of patient ids")
    return tuple(str(patient) for patient in patients)
