"""What a sweep may try: for each setting of a head some values, or a range of numbers."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from heartfeat.errors import ConfigError
from heartfeat.heads.registry import head_settings
from heartfeat.messages import nearest, shorten
from heartfeat.yaml_text import parse_yaml


class Range(BaseModel):
    """Numbers from ``low`` to ``high``, both included; whole ones where both ends are.

    Attributes
    ----------
    log
        Draw evenly on a logarithmic scale.
    step
        Draw only ``low``, ``low + step``, ...
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: int | float
    high: int | float
    log: bool = False
    step: int | float | None = None

    @model_validator(mode="after")
    def _sensible(self) -> "Range":
        if not self.low < self.high:
            raise ValueError("low must be below high")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("a logarithmic range must be above 0 and has no step")
        if self.step is not None and not self.step > 0:
            raise ValueError("step must be above 0")
        return self

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are drawn."""
        return isinstance(self.low, int) and isinstance(self.high, int) and isinstance(self.step, int | None)


@dataclass(frozen=True)
class Space:
    """Settings that differ between the trials of a sweep.

    Attributes
    ----------
    settings
        Per setting of the head a range, or the values to choose from.
    """

    settings: Mapping[str, Range | tuple[Any, ...]]

    def grid(self) -> Iterator[dict[str, Any]]:
        """Every combination of values, the last setting varying fastest.

        Raises
        ------
        ConfigError
            When a setting has a range.
        """
        ranges = [key for key, values in self.settings.items() if isinstance(values, Range)]
        if ranges:
            raise ConfigError(
                f"{ranges[0]} has a range, which has no grid; list its values, or give --search tpe"
            )
        for values in itertools.product(*self.settings.values()):
            yield dict(zip(self.settings, values, strict=True))


def read_space(head: str, grid: Sequence[str], file: Path | None) -> Space:
    """The space that ``--grid`` and ``--space`` describe.

    Parameters
    ----------
    head
        Kind of head, whose settings these are.
    grid
        Texts such as ``"width=32,64"``; values are yaml, so that ``"scales=[1],[1,4]"`` works.
    file
        A yaml file that maps settings to a list of values or to a range ``{low, high, log, step}``.

    Raises
    ------
    ConfigError
        When nothing is to be swept, a setting is unknown or given twice, or a value is malformed.
    """
    settings: dict[str, Range | tuple[Any, ...]] = {}
    for key, values in (*_from_file(file), *map(_from_text, grid)):
        if key in settings:
            raise ConfigError(f"{key} is given twice; give it once, in --grid or in --space")
        settings[key] = values
    if not settings:
        raise ConfigError("say what to try, with --grid key=value,value or --space FILE.yaml")
    model = head_settings(head)
    known = [] if model is None else [name for name in model.model_fields if name != "kind"]
    for key in settings:
        if model is not None and key not in known:
            raise ConfigError(
                f"{head} has no setting {shorten(key)}; {nearest(key, known)}Settings are {', '.join(known)}"
            )
    return Space(settings)


def _from_text(text: str) -> tuple[str, tuple[Any, ...]]:
    key, equals, values = text.partition("=")
    if not equals or not key or not values.strip():
        raise ConfigError(f"--grid wants key=value,value, such as width=32,64; got {shorten(text)}")
    try:
        return key.strip(), _choices(parse_yaml(f"[{values}]"), f"--grid {key}")
    except ConfigError as error:
        raise ConfigError(f"--grid {shorten(text)}: {error}") from None


def _from_file(file: Path | None) -> Iterator[tuple[str, Range | tuple[Any, ...]]]:
    if file is None:
        return
    try:
        tree = parse_yaml(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, ConfigError) as error:
        raise ConfigError(f"the space {file} cannot be read: {error}") from error
    if not isinstance(tree, dict) or not all(isinstance(key, str) for key in tree):
        raise ConfigError(f"{file} must map settings of the head to lists of values or ranges")
    for key, given in tree.items():
        where = f"{file}: {shorten(key)}"
        yield key, _range(given, where) if isinstance(given, dict) else _choices(given, where)


def _range(given: dict[Any, Any], where: str) -> Range:
    try:
        return Range.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"{where}{f'.{key}' if key else ''}: {first['msg']}; a range is {{low, high}} with log or step"
        ) from None


def _choices(given: object, where: str) -> tuple[Any, ...]:
    if not isinstance(given, list) or not given:
        raise ConfigError(f"{where} must be a list of values; got {shorten(given)}")
    repeated = [value for number, value in enumerate(given) if value in given[:number]]
    if repeated:
        raise ConfigError(f"{where} names {shorten(repeated[0])} twice")
    return tuple(given)
