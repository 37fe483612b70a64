"""Heads by name; the module of a head is imported when the head is asked for."""

from difflib import get_close_matches
from importlib import import_module
from typing import Any, cast

from pydantic import BaseModel

from heartfeat.errors import ConfigError
from heartfeat.heads.head import Head

_HEADS = {
    "logistic": ("heartfeat.heads.logistic", "Logistic"),
    "lgbm": ("heartfeat.heads.lgbm", "Lgbm"),
    "mambaformer": ("heartfeat.heads.mambaformer", "MambaFormer"),
}
HEADS = tuple(_HEADS)
"""Names of all heads."""


def head_class(kind: str) -> type[Head]:
    """The class of a head.

    Raises
    ------
    ConfigError
        When there is no such head; names those that there are.
    """
    if kind not in _HEADS:
        near = get_close_matches(kind, HEADS, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigError(f"there is no head {kind!r}; {hint}Heads are: {', '.join(HEADS)}")
    module, name = _HEADS[kind]
    return cast(type[Head], getattr(import_module(module), name))


def make_head(settings: BaseModel) -> Head:
    """A new head, not fitted yet, of the kind that its settings say.

    Raises
    ------
    ConfigError
        When the settings are of no known head.
    """
    constructor: Any = head_class(str(getattr(settings, "kind", type(settings).__name__)))
    return cast(Head, constructor(settings))
