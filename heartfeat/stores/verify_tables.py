"""Damage to a store's tables."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from heartfeat.errors import StoreError
from heartfeat.stores.columns import path_name
from heartfeat.stores.container import Container
from heartfeat.stores.table_rules import offsets_of_patients
from heartfeat.stores.tables import read_column, table_columns
from heartfeat.stores.verification import Problem, found

TABLES = ("recordings", "patients")


def table_problems(container: Container) -> Iterator[Problem]:
    """Every column that cannot be read, and every contradiction between the tables."""
    tables: dict[str, pl.DataFrame] = {}
    for table in TABLES:
        problems, columns = _columns(container, table)
        yield from problems
        if not problems:
            tables[table] = pl.DataFrame(columns)
    try:
        stored = container.read_checked("patients/offsets")
    except StoreError as error:
        yield found(container, "patients/offsets", error, "restore")
        return
    if len(tables) < len(TABLES):
        return
    try:
        right = offsets_of_patients(tables["recordings"], tables["patients"])
    except StoreError as error:
        yield found(container, "recordings", error, "restore")
        return
    if stored.dtype != np.int64 or not np.array_equal(stored, right):
        yield Problem("patients/offsets", "they are not those of the recordings table", "restore")


def _columns(container: Container, table: str) -> tuple[list[Problem], list[pl.Series]]:
    try:
        names = table_columns(container, table)[1]
    except StoreError as error:
        return [found(container, table, error, "restore")], []
    if len(set(names)) != len(names):
        return [Problem(table, "a column is named twice", "restore")], []
    problems, columns = [], []
    for name in names:
        try:
            columns.append(read_column(container, table, name))
        except StoreError as error:
            problems.append(found(container, f"{table}/{path_name(name)}", error, "restore"))
    return problems, columns
