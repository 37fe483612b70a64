"""Format version 1: the names and rules that both containers share."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from heartfeat.errors import StoreError
from heartfeat.messages import first_of, nearest

FORMAT = "heartfeat"
FORMAT_VERSION = 1

RECORDING_COLUMNS = ("recording", "patient", "person", "site")
PATIENT_COLUMNS = ("patient", "person")
FEATURE_ATTRS = ("name", "core", "core_key", "views", "dim", "token_rate", "statistics")
RESERVED_COLUMNS = ("offsets",)

_SET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def canonical_json(obj: object) -> str:
    """JSON text that is the same for equal content: sorted keys, no spaces, no NaN.

    Raises
    ------
    StoreError
        When ``obj`` holds what JSON cannot (NaN, arrays, paths).
    """
    try:
        return json.dumps(obj, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"attributes must be plain JSON (text, finite numbers, lists, dicts): {error}"
        ) from error


def feature_key(core: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of everything that a feature set's numbers depend on, audio and view left out."""
    return hashlib.sha256(canonical_json(core).encode()).hexdigest()


def ordered_json(attrs: Mapping[str, Any]) -> str:
    """JSON text of attributes, keys in their own order."""
    canonical_json(attrs)
    return json.dumps(attrs)


def plain_json(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """``attrs`` as they will be read back: tuples become lists."""
    return json.loads(ordered_json(attrs))


def check_format(attrs: Mapping[str, Any], uri: str) -> None:
    """Refuse a tree that is no store or has a format version that this release cannot read.

    Raises
    ------
    StoreError
        Says which of the two it is.
    """
    if attrs.get("format") != FORMAT:
        raise StoreError(f"{uri} is not a heartfeat store: its attribute 'format' is {attrs.get('format')!r}")
    if attrs.get("format_version") != FORMAT_VERSION:
        raise StoreError(
            f"{uri} has format version {attrs.get('format_version')!r}, and this release reads version "
            f"{FORMAT_VERSION}. Heartfeat {attrs.get('heartfeat_version', 'of unknown version')} wrote it: "
            "read it with that release, or extract again"
        )


def check_feature_attrs(attrs: Mapping[str, Any]) -> None:
    """Check what a feature set says of itself.

    Raises
    ------
    StoreError
        When an attribute is missing, the name cannot be a folder name, a view or statistic occurs twice, or
        ``core_key`` is not the key of ``core``.
    """
    missing = [key for key in FEATURE_ATTRS if key not in attrs]
    if missing:
        raise StoreError(f"feature set {attrs.get('name')!r} lacks the attribute {missing[0]!r}")
    name = attrs["name"]
    if not isinstance(name, str) or not _SET_NAME.fullmatch(name):
        raise StoreError(
            f"feature set name {name!r} must be 1 to 100 letters, digits, '.', '_' or '-', "
            "the first a letter or digit"
        )
    for key in ("views", "statistics"):
        names = attrs[key]
        texts = isinstance(names, list) and all(isinstance(one, str) for one in names)
        if not texts or not names or len(set(names)) != len(names):
            raise StoreError(f"feature set {name!r}: {key} must be a list of distinct names, not {names!r}")
    if type(attrs["dim"]) is not int or attrs["dim"] < 1:
        raise StoreError(f"feature set {name!r}: dim must be a positive whole number, not {attrs['dim']!r}")
    rate = attrs["token_rate"]
    if rate is not None and (type(rate) not in (int, float) or rate <= 0):
        raise StoreError(
            f"feature set {name!r}: token_rate must be a positive number (Hz) or null, not {rate!r}"
        )
    if attrs["core_key"] != feature_key(attrs["core"]):
        raise StoreError(
            f"feature set {name!r}: core_key is not the key of core; compute it with feature_key(core)"
        )


def unknown(kind: str, name: object, known: list[str] | tuple[str, ...], where: str) -> StoreError:
    """The error for a name that a store does not hold: the nearest known one, and the others."""
    hint = nearest(str(name), known) if len(known) <= 10_000 else ""
    return StoreError(f"{where} has no {kind} {name!r}; {hint}It holds: {first_of(known, 8) or 'none'}")
