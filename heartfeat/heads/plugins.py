"""Heads that other distributions bring, found by their entry points."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from pydantic import BaseModel

from heartfeat.errors import ConfigError

if TYPE_CHECKING:
    from heartfeat.heads.head import Head

GROUP = "heartfeat.heads"
"""Group of the entry points; the name of one is the name of its head, and it leads to ``module:Class``."""

NEEDED = ("fit", "predict", "state", "from_state", "uses_tokens", "settings_class")


def plugin_names() -> tuple[str, ...]:
    """Names of the heads that installed distributions bring, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def plugin_class(name: str) -> type[Head]:
    """The class of a plug-in's head; its errors name the plug-in.

    Raises
    ------
    ConfigError
        When no distribution or more than one brings the head, it cannot be imported, or it is not a head.
    """
    from heartfeat.heads.plugin_errors import naming, with_named_errors

    found = list(entry_points(group=GROUP, name=name))
    if len(found) != 1:
        given = ", ".join(sorted(map(_origin, found))) or "none"
        raise ConfigError(
            f"the head {name!r} must come from one installed distribution; found: {given}. Install or uninstall "
            "until one is left"
        )
    origin = f"the head {name!r} of {_origin(found[0])}"
    with naming(origin, "its import", ConfigError):
        head = found[0].load()
    _check(head, name, origin)
    return with_named_errors(head, origin)


def plugin_settings(name: str) -> type[BaseModel]:
    """The settings class of a plug-in's head: the attribute ``settings_class`` of the head.

    Raises
    ------
    ConfigError
        As `plugin_class`.
    """
    settings: type[BaseModel] = plugin_class(name).settings_class  # type: ignore[attr-defined]
    return settings


def _origin(point: EntryPoint) -> str:
    brought = f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown distribution"
    return f"{brought} ({point.value})"


def _check(head: object, name: str, origin: str) -> None:
    missing = [attribute for attribute in NEEDED if not hasattr(head, attribute)]
    if not isinstance(head, type) or missing:
        what = f"lacks {', '.join(missing)}" if missing else "is not a class"
        raise ConfigError(f"{origin} {what}; a head is a class with {', '.join(NEEDED)}")
    settings = getattr(head, "settings_class", None)
    if not (isinstance(settings, type) and issubclass(settings, BaseModel)):
        raise ConfigError(f"{origin}: settings_class must be a pydantic model, not {settings!r}")
    kind = settings.model_fields.get("kind")
    if kind is None or kind.default != name:
        raise ConfigError(
            f"{origin}: {settings.__name__} must have the field `kind: Literal[{name!r}] = {name!r}`, by which "
            "saved runs find the head again"
        )
