"""heartfeat.yaml: one validated file that says where the data are and what to do with them."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from heartfeat.backbones.settings import BACKBONE_FAMILIES, BackboneSettings
from heartfeat.errors import ConfigError
from heartfeat.finetuning.settings import FinetuneSettings
from heartfeat.heads.registry import head_names, head_settings
from heartfeat.messages import nearest, shorten
from heartfeat.yaml_text import parse_yaml

REMEDY = "write one with `heartfeat init --circor PATH`, or name yours with --config"

Model = TypeVar("Model", bound=BaseModel)
Location = TypeVar("Location", str, Path)


def _nameable(location: Location) -> Location:
    """What no file can be called is told here, with the key, rather than wherever the file is opened."""
    text = str(location)
    if not text.isprintable() or len(text) > 1000:
        raise ValueError("expected a path of at most 1,000 visible characters")
    return location


FilePath = Annotated[Path, AfterValidator(_nameable)]
StoreUri = Annotated[str, Field(min_length=1), AfterValidator(_nameable)]


class DataConfig(BaseModel):
    """Where the recordings are and which reader understands them."""

    model_config = ConfigDict(extra="forbid")

    cohort: Literal["circor", "physionet2016", "pascal", "own"] = "circor"
    path: FilePath
    name: str | None = Field(None, max_length=100, pattern=r"^[^\x00-\x1f/\\]+$")

    @field_validator("path", mode="before")
    @classmethod
    def _expand(cls, path: object) -> object:
        if not isinstance(path, str):
            return path
        # Unlike Path.expanduser, this leaves the name of a user who does not exist alone.
        return os.path.expandvars(os.path.expanduser(path))  # noqa: PTH111


class SplitConfig(BaseModel):
    """How patients are divided; written to ``file`` once and reused by every head."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["kfold", "holdout", "leave-one-out"] = "kfold"
    by: str | None = Field(None, max_length=100, pattern=r"^\w+$")
    folds: int = Field(5, ge=2, le=1000)
    fractions: tuple[float, float, float] = (0.7, 0.2, 0.1)
    seed: int = Field(0, ge=0, lt=2**63)
    file: FilePath | None = None

    @model_validator(mode="after")
    def _by_goes_with_leave_one_out(self) -> "SplitConfig":
        if (self.kind == "leave-one-out") != (self.by is not None):
            raise ValueError(
                "kind leave-one-out and by go together: by names the column of the patients table whose values "
                "are left out one by one, such as campaign"
            )
        return self


class Config(BaseModel):
    """Everything in heartfeat.yaml.

    ``data`` may be left out where only a store is at hand: heads need no recordings. ``backbones`` maps the name of
    a feature set to its backbone's settings, ``heads`` the name of a head to settings that differ from its
    defaults. Relative paths start at the working folder.
    """

    model_config = ConfigDict(extra="forbid")

    data: DataConfig | None = None
    store: StoreUri = "stores/features.zarr"
    backbones: dict[str, BackboneSettings] = Field(min_length=1)
    views: str = "tta5"
    task: str = "murmur"
    split: SplitConfig = Field(default_factory=SplitConfig)
    heads: dict[str, Any] = Field(default_factory=dict)
    finetune: FinetuneSettings = Field(default_factory=FinetuneSettings)
    calibration: Literal["temperature", "isotonic", "none"] = "temperature"
    runs: FilePath = Path("runs")

    @field_validator("views", mode="before")
    @classmethod
    def _join_views(cls, views: object) -> object:
        return ",".join(map(str, views)) if isinstance(views, list) else views

    def split_file(self) -> Path:
        """Where the split of this task lives."""
        if self.split.file is not None:
            return self.split.file
        if self.split.kind == "kfold":
            kind = f"kfold{self.split.folds}"
        elif self.split.by is not None:
            kind = f"leave-one-{self.split.by}-out"
        else:
            kind = "holdout-" + "-".join(f"{fraction:g}" for fraction in self.split.fractions)
        return Path("splits") / f"{self.cohort_name()}-{self.task}-{kind}-seed{self.split.seed}.json"

    def cohort_name(self) -> str:
        """Name of the cohort; that of the store where only a store is at hand."""
        return Path(self.store).stem if self.data is None else self.data.name or self.data.cohort

    def head(self, kind: str, **changes: object) -> BaseModel:
        """Settings of the head ``kind``, from this file and then ``changes``.

        Raises
        ------
        ConfigError
            When there is no such head, or a change does not validate.
        """
        settings = head_settings(kind)
        if settings is None:
            raise ConfigError(f"there is no head {shorten(kind)}; {_known(kind, head_names())}")
        given = self.heads.get(kind, {})
        written = given.model_dump(exclude_unset=True) if isinstance(given, BaseModel) else given
        set_here = {key: value for key, value in changes.items() if value is not None}
        return validate(settings, {**written, **set_here}, f"heads.{kind}")


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Read and validate a config file.

    Parameters
    ----------
    path
        The yaml file.
    overrides
        ``key=value`` pairs with dotted keys, as in ``--set backbones.logmel.bands=128``.

    Raises
    ------
    ConfigError
        When the file is missing, is not yaml, or holds an unknown key or a value out of range.
    """
    return parse_config(load_tree(path, overrides), str(path))


def load_tree(path: str | Path, overrides: Sequence[str] = (), remedy: str = REMEDY) -> dict[str, Any]:
    """What a yaml file says, with ``key=value`` pairs put in, not yet validated; raises as :func:`load_config`.

    Parameters
    ----------
    remedy
        What to do where there is no such file.
    """
    raw = _read_yaml(Path(path), remedy)
    for override in overrides:
        _apply(raw, override)
    return raw


def parse_config(raw: Mapping[str, Any], source: str = "config") -> Config:
    """Validate a config that is already a dict (see :func:`load_config`)."""
    tree = dict(raw)
    tree["backbones"] = {
        name: _backbone(name, given, f"{source}: backbones.{_on_a_line(name)}")
        for name, given in _mapping(tree.get("backbones", {"logmel": {}}), f"{source}: backbones").items()
    }
    tree["heads"] = {
        name: _head(name, given, f"{source}: heads.{_on_a_line(name)}")
        for name, given in _mapping(tree.get("heads") or {}, f"{source}: heads").items()
    }
    return validate(Config, tree, source)


def validate(model: type[Model], given: object, where: str) -> Model:
    """``given`` as ``model``; a ConfigError that names the key, and the nearest known one, where it does not fit."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        keys = [_on_a_line(str(part)) for part in first["loc"]]
        place = f"{where}: {'.'.join(keys)}" if keys else where
        if first["type"] == "extra_forbidden":
            raise ConfigError(
                f"{place} is not a known key; {_known(keys[-1], _fields(model, keys[:-1]))}"
            ) from None
        if first["type"] == "missing" and isinstance(first["loc"][-1], str):
            raise ConfigError(
                f"{place} is missing; add it to the file or give --set {'.'.join(keys)}=..."
            ) from None
        raise ConfigError(_misfit(place, first, _default(model, keys))) from None


def _misfit(place: str, error: ErrorDetails, default: object) -> str:
    """What is wrong with a value, for whoever wrote it."""
    given, about = error["input"], error.get("ctx", {})
    match error["type"]:
        case "union_tag_invalid":
            (key,), tags = (_quoted(about[name]) for name in ("discriminator", "expected_tags"))
            return f"{place}.{key} is {shorten(about['tag'])}; {_known(about['tag'], tags)}"
        case "literal_error":
            return f"{place} is {shorten(given)}; {_known(str(given), _quoted(about['expected']))}"
        case "tuple_type" | "list_type":
            example = f", such as {list(default)}" if isinstance(default, tuple) and default else ""
            return f"{place} is {shorten(given)}; expected a list{example}"
        case "missing":
            return f"{place.rpartition('.')[0]} has too few values; got {shorten(given)}"
    message = f"{place}: {error['msg'].removeprefix('Value error, ')}"
    return message if isinstance(given, Mapping) else f"{message}; got {shorten(given)}"


def _quoted(names: str) -> list[str]:
    return re.findall("'([^']*)'", names)


def _on_a_line(name: str) -> str:
    return name if name.isprintable() and len(name) <= 60 else shorten(name, 60)


def dump_config(config: Config) -> str:
    """The config as yaml that :func:`load_config` reads back to an equal config."""
    left_out = {"backbones", "heads", *({"finetune"} if config.finetune == FinetuneSettings() else ())}
    tree = config.model_dump(mode="json", exclude=left_out, exclude_none=True)
    tree["backbones"] = {
        name: settings.model_dump(mode="json", exclude={"name"}, exclude_none=True)
        for name, settings in config.backbones.items()
    }
    tree["heads"] = {
        kind: settings.model_dump(mode="json", exclude={"kind"}) for kind, settings in config.heads.items()
    }
    return yaml.safe_dump(tree, sort_keys=False)


def _read_yaml(path: Path, remedy: str) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"there is no {path}; {remedy}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    try:
        raw = parse_yaml(text)
    except ConfigError as error:
        raise ConfigError(f"{path} is not valid yaml: {error}") from error
    return dict(_mapping({} if raw is None else raw, str(path)))


def _mapping(given: object, where: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise ConfigError(f"{where} must be a mapping of names to settings, not {shorten(given)}")
    return given


def _backbone(name: str, given: object, where: str) -> BackboneSettings:
    settings = dict(_mapping({} if given is None else given, where))
    family = settings.get("family", "logmel")
    if not isinstance(family, str) or family not in BACKBONE_FAMILIES:
        raise ConfigError(
            f"{where}.family is {shorten(family)}; {_known(str(family), list(BACKBONE_FAMILIES))}"
        )
    return validate(BACKBONE_FAMILIES[family], {**settings, "name": name}, where)


def _head(kind: str, given: object, where: str) -> BaseModel:
    settings = head_settings(kind)
    if settings is None:
        raise ConfigError(f"{where}: there is no such head; {_known(kind, head_names())}")
    return validate(settings, {} if given is None else given, where)


def _apply(raw: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"--set wants key=value, such as split.folds=3; got {shorten(override)}")
    *parents, last = key.split(".")
    node = raw
    for parent in parents:
        node = node.setdefault(parent, {})
        if not isinstance(node, dict):
            raise ConfigError(
                f"--set {_on_a_line(override)}: {shorten(parent)} holds a value, not a group of settings"
            )
    try:
        node[last] = parse_yaml(text)
    except ConfigError as error:
        raise ConfigError(
            f"--set {_on_a_line(override)}: {shorten(text)} is not a yaml value: {error}"
        ) from None


def _fields(model: type[BaseModel], keys: Sequence[str]) -> list[str]:
    return list(_inner(model, keys).model_fields)


def _default(model: type[BaseModel], keys: Sequence[str]) -> object:
    field = _inner(model, keys[:-1]).model_fields.get(keys[-1]) if keys else None
    return None if field is None else field.default


def _inner(model: type[BaseModel], keys: Sequence[str]) -> type[BaseModel]:
    for key in keys:
        if key.isdigit():  # a place in a list
            continue
        field = model.model_fields.get(key)
        annotation = None if field is None else field.annotation
        inner = [one for one in (annotation, *get_args(annotation)) if _is_model(one)]
        if not inner:
            break
        model = inner[0]
    return model


def _is_model(annotation: Any) -> bool:  # noqa: ANN401 - any type
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _known(name: str, known: Sequence[str]) -> str:
    return f"{nearest(name, known)}Known: {', '.join(known)}"
