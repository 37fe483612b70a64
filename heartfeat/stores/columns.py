"""One polars column as plain arrays, and back, exactly.

Numbers and booleans are ``values``; text is UTF-8 ``values`` (u8) with ``offsets`` (rows + 1, i64). A column
with nulls adds ``valid`` (bool), so that null, NaN and empty text stay three things.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import numpy as np
import polars as pl

from heartfeat.errors import StoreError

NUMBERS: dict[str, tuple[type[pl.DataType], str]] = {
    "bool": (pl.Boolean, "?"),
    "int8": (pl.Int8, "<i1"),
    "int16": (pl.Int16, "<i2"),
    "int32": (pl.Int32, "<i4"),
    "int64": (pl.Int64, "<i8"),
    "uint8": (pl.UInt8, "<u1"),
    "uint16": (pl.UInt16, "<u2"),
    "uint32": (pl.UInt32, "<u4"),
    "uint64": (pl.UInt64, "<u8"),
    "float32": (pl.Float32, "<f4"),
    "float64": (pl.Float64, "<f8"),
}
"""Type names on disk, with the polars and the numpy type."""

_NAME_OF: dict[object, str] = {polars_type: name for name, (polars_type, _) in NUMBERS.items()}


def path_name(column: str) -> str:
    """The column's name in the tree: percent-encoded (dots and a leading underscore too), so a safe path."""
    name = quote(column, safe=" ").replace(".", "%2E")
    return name.replace("_", "%5F", 1) if name.startswith("_") else name


def encode_column(column: pl.Series) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Attributes and arrays of a column.

    Raises
    ------
    StoreError
        When the column is neither text, numbers, booleans nor all null.
    """
    arrays: dict[str, np.ndarray] = {}
    if column.dtype == pl.Null:
        return {"type": "null", "rows": len(column)}, arrays
    if column.dtype == pl.String:
        kind = "string"
        filled = column.fill_null("")
        arrays["values"] = np.frombuffer("".join(filled.str.join("").to_list()).encode(), np.uint8)
        arrays["offsets"] = np.zeros(len(column) + 1, np.int64)
        np.cumsum(filled.str.len_bytes().to_numpy(), out=arrays["offsets"][1:])
    elif column.dtype in _NAME_OF:
        kind = _NAME_OF[column.dtype]
        filler = False if kind == "bool" else 0
        arrays["values"] = column.fill_null(filler).to_numpy().astype(NUMBERS[kind][1], copy=False)
    else:
        raise StoreError(
            f"column {column.name!r} has the type {column.dtype}; "
            "a store holds text, numbers and booleans: cast it to one of these"
        )
    if column.null_count():
        arrays["valid"] = column.is_not_null().to_numpy()
    return {"type": kind, "rows": len(column), "nullable": "valid" in arrays}, arrays


def column_parts(attrs: Mapping[str, Any]) -> list[str]:
    """Names of a column's arrays."""
    if attrs["type"] == "null":
        return []
    return [
        "values",
        *(["offsets"] if attrs["type"] == "string" else []),
        *(["valid"] if attrs["nullable"] else []),
    ]


def decode_column(name: str, attrs: Mapping[str, Any], read: Callable[[str], np.ndarray]) -> pl.Series:
    """The column that `encode_column` took apart.

    Parameters
    ----------
    name
        Of the column.
    attrs
        Its attributes.
    read
        Gives an array of the column by its name.

    Raises
    ------
    StoreError
        When attributes and arrays contradict each other.
    """
    kind, rows, nullable = attrs.get("type"), attrs.get("rows"), attrs.get("nullable")
    known = isinstance(kind, str) and (kind in NUMBERS or kind in ("string", "null"))
    if type(rows) is not int or rows < 0 or not known or (kind != "null" and type(nullable) is not bool):
        raise StoreError(
            f"column {name!r} has the type {kind!r}, {rows!r} rows and nullable {nullable!r}, "
            "which this release cannot read"
        )
    if kind == "null":
        return pl.Series(name, [None] * rows, dtype=pl.Null)
    if kind == "string":
        column = _text(name, read("values"), read("offsets"), rows)
    else:
        column = _numbers(name, read("values"), str(kind))
    if len(column) != rows:
        raise StoreError(f"column {name!r} announces {rows} rows and has {len(column)}")
    if not nullable:
        return column
    valid = read("valid")
    if valid.shape != (rows,) or valid.dtype != bool:
        raise StoreError(
            f"column {name!r} has {rows} rows, and marks of validity {valid.dtype} {valid.shape}"
        )
    return pl.select(pl.when(pl.Series(valid)).then(column).alias(name)).to_series()


def _numbers(name: str, values: np.ndarray, kind: str) -> pl.Series:
    polars_type, dtype = NUMBERS[kind]
    if values.ndim != 1 or values.dtype != np.dtype(dtype):
        raise StoreError(f"column {name!r} should be {kind} (n,), and is {values.dtype} {values.shape}")
    return pl.Series(name, values, dtype=polars_type)


def _text(name: str, values: np.ndarray, offsets: np.ndarray, rows: int) -> pl.Series:
    lengths = np.diff(offsets)
    shaped = offsets.shape == (rows + 1,) and offsets.dtype == np.int64
    if not shaped or offsets[0] != 0 or offsets[-1] != values.size or (lengths < 0).any():
        raise StoreError(f"column {name!r} has text offsets that do not fit {rows} rows, {values.size} bytes")
    # Not by a polars expression, whose threads would be waited for in vain in a forked process.
    whole, spans = values.tobytes(), pairwise(offsets.tolist())
    try:
        if whole.isascii():
            text = whole.decode()
            return pl.Series(name, [text[start:stop] for start, stop in spans], dtype=pl.String)
        return pl.Series(name, [whole[start:stop].decode() for start, stop in spans], dtype=pl.String)
    except UnicodeDecodeError as error:
        raise StoreError(f"column {name!r} is not valid UTF-8 text") from error
