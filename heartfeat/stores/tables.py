"""Polars tables in a store's tree: one group per table, one group per column."""

import numpy as np
import polars as pl

from heartfeat.errors import StoreError
from heartfeat.stores.columns import decode_column, encode_column, path_name
from heartfeat.stores.container import Container
from heartfeat.stores.schema import RESERVED_COLUMNS, unknown
from heartfeat.stores.tree_writer import TreeWriter


def write_table(writer: TreeWriter, path: str, table: pl.DataFrame) -> None:
    """Write every column of a table.

    Raises
    ------
    StoreError
        When a column's name is empty or reserved, or its type is none that a store holds.
    """
    refused = [name for name in table.columns if not name or name in RESERVED_COLUMNS]
    if refused:
        raise StoreError(f"the {path} table has a column named {refused[0]!r}, which is reserved: rename it")
    writer.group(path, {"type": "table", "version": 1, "rows": table.height, "columns": table.columns})
    for column in table.get_columns():
        attrs, arrays = encode_column(column)
        place = f"{path}/{path_name(column.name)}"
        writer.group(place, {"name": column.name, **attrs})
        for name, values in arrays.items():
            writer.array(f"{place}/{name}", values)


def table_columns(container: Container, path: str) -> tuple[int, list[str]]:
    """Rows and column names of a table."""
    attrs = container.attrs(path)
    rows, columns = attrs.get("rows"), attrs.get("columns")
    if (
        type(rows) is not int
        or rows < 0
        or not isinstance(columns, list)
        or not all(isinstance(c, str) for c in columns)
    ):
        raise container.damaged(path, "the table does not say its rows and columns")
    return rows, columns


def read_column(container: Container, path: str, name: str) -> pl.Series:
    """One column of a table.

    Raises
    ------
    StoreError
        When the table has no such column, or the column is damaged.
    """
    rows, columns = table_columns(container, path)
    if name not in columns:
        raise unknown("column", name, columns, f"the {path} table of {container.location.uri}")
    place = f"{path}/{path_name(name)}"

    def read(part: str) -> np.ndarray:
        return container.read_checked(f"{place}/{part}")

    try:
        column = decode_column(name, container.attrs(place), read)
    except StoreError as error:
        if container.location.uri in str(error):
            raise
        raise container.damaged(place, str(error)) from error
    if len(column) != rows:
        raise container.damaged(place, f"{len(column)} rows in a table of {rows}")
    return column


def read_table(container: Container, path: str) -> pl.DataFrame:
    """The whole table, columns in their order."""
    _, columns = table_columns(container, path)
    return pl.DataFrame([read_column(container, path, name) for name in columns])
