"""What all tables of a run share: how they are read, and how they get the labels of a store."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import polars as pl

from heartfeat.errors import RunError


def read_table(
    path: Path, remedy: str, csv_schema: Mapping[str, type[pl.DataType]] = MappingProxyType({})
) -> pl.DataFrame:
    """Read a parquet file of a run, or a csv file whose columns are of the given types.

    Raises
    ------
    RunError
        When it is missing or damaged; ends with ``remedy``.
    """
    try:
        if path.suffix == ".csv":
            return pl.read_csv(path, schema_overrides=csv_schema)
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise RunError(f"{path} cannot be read ({error}); {remedy}") from error


def labels_of(
    table: pl.DataFrame, known: pl.DataFrame, column: str | None, key: str = "patient"
) -> pl.Series | None:
    """The labels of a table's rows, in their order.

    Parameters
    ----------
    table
        Has a column ``key``.
    known
        Labels in ``column``, one row per ``key``.

    Returns
    -------
    labels
        Named ``label``, null where nothing is known; None where ``known`` has no such column.
    """
    if column not in known.columns:
        return None
    labels = known.select(key, label=column)
    return table.select(key).join(labels, on=key, how="left", maintain_order="left")["label"]


def with_labels(
    table: pl.DataFrame, known: pl.DataFrame, column: str | None, key: str = "patient"
) -> pl.DataFrame:
    """A table with the labels that :func:`labels_of` finds; as it was where there are none."""
    labels = labels_of(table, known, column, key)
    return table if labels is None else table.with_columns(labels)
