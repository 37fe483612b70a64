"""One table out of several."""

from collections.abc import Sequence

import polars as pl

from heartfeat.errors import StoreError


def merge_tables(name: str, tables: Sequence[pl.DataFrame], owners: Sequence[str]) -> pl.DataFrame:
    """All rows, with the columns of every table; what a table does not have is null.

    Parameters
    ----------
    name
        Of the table.
    tables, owners
        The tables, and the stores that they are from.

    Raises
    ------
    StoreError
        When a column has one type in one table and another in the next.
    """
    types: dict[str, tuple[pl.DataType, str]] = {}
    for table, owner in zip(tables, owners, strict=True):
        for column, dtype in table.schema.items():
            known = types.get(column)
            if known is None or known[0] == pl.Null:
                types[column] = (dtype, owner)
            elif dtype not in (known[0], pl.Null):
                raise StoreError(
                    f"the column {column!r} of the {name} table is {known[0]} in {known[1]} and {dtype} in "
                    f"{owner}; extract one of them again with the other's type"
                )
    schema = {column: dtype for column, (dtype, _) in types.items()}
    filled = [table.cast({column: schema[column] for column in table.columns}) for table in tables]
    return pl.concat([pl.DataFrame(schema=schema), *filled], how="diagonal")
