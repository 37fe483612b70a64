"""Heads by name, heartfeat's own and plug-ins'; the module of a head is imported when the head is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel

from heartfeat.errors import ConfigError
from heartfeat.heads.plugins import plugin_class, plugin_names, plugin_settings
from heartfeat.heads.settings import HEAD_SETTINGS
from heartfeat.messages import nearest

if TYPE_CHECKING:
    from heartfeat.heads.head import Head

_HEADS = {
    "logistic": ("heartfeat.heads.logistic", "Logistic"),
    "lgbm": ("heartfeat.heads.lgbm", "Lgbm"),
    "linear": ("heartfeat.heads.linear", "Linear"),
    "mlp": ("heartfeat.heads.mlp", "Mlp"),
    "attention": ("heartfeat.heads.attention", "Attention"),
    "mambaformer": ("heartfeat.heads.mambaformer", "MambaFormer"),
}
HEADS = tuple(_HEADS)
"""Names of heartfeat's own heads; a plug-in cannot take one of them."""


def head_names() -> tuple[str, ...]:
    """Names of all heads: heartfeat's own, then those of plug-ins."""
    return (*HEADS, *(name for name in plugin_names() if name not in _HEADS))


def head_class(kind: str) -> type[Head]:
    """The class of a head.

    Raises
    ------
    ConfigError
        When there is no such head, naming those that there are; or when a plug-in's cannot be loaded.
    """
    if kind in _HEADS:
        module, name = _HEADS[kind]
        return cast("type[Head]", getattr(import_module(module), name))
    if kind in plugin_names():
        return plugin_class(kind)
    raise ConfigError(
        f"there is no head {kind!r}; {nearest(kind, head_names())}Heads are: {', '.join(head_names())}"
    )


def head_settings(kind: str) -> type[BaseModel] | None:
    """The settings class of a head, or None where there is no such head.

    Raises
    ------
    ConfigError
        When a plug-in's head cannot be loaded.
    """
    if kind in HEAD_SETTINGS:
        return HEAD_SETTINGS[kind]
    return plugin_settings(kind) if kind in plugin_names() else None


def make_head(settings: BaseModel) -> Head:
    """A new head, not fitted yet, of the kind that its settings say.

    Raises
    ------
    ConfigError
        When the settings are of no known head.
    """
    constructor: Any = head_class(str(getattr(settings, "kind", type(settings).__name__)))
    return cast("Head", constructor(settings))
