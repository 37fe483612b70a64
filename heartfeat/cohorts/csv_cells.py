"""Csv files as cells, with the line that each row ends on."""

import csv
from pathlib import Path

from heartfeat.errors import CohortError


def read_cells(path: Path, any_text: bool = False) -> list[tuple[int, list[str]]]:
    """Line number and cells, without blanks at their ends, of every row that is not empty.

    Parameters
    ----------
    any_text
        Take characters that are not UTF-8 for question marks: for tables whose texts do not matter.

    Raises
    ------
    CohortError
        When the file is missing or no csv text.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="replace" if any_text else None) as file:
            reader = csv.reader(file, strict=True)
            rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except (OSError, UnicodeDecodeError) as error:
        raise CohortError(f"{path} cannot be read: {error}") from error
    except csv.Error as error:
        raise CohortError(f"{path}, line {reader.line_num}: {error}") from error
    return [(line, cells) for line, cells in rows if any(cells)]


def read_records(path: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Line number and values of some columns, by the names in the file's first row (a colon at their end is none).

    Raises
    ------
    CohortError
        When the file cannot be read, lacks a column or has it twice, or has a row of another width.
    """
    rows = read_cells(path)
    header = [name.rstrip(":") for name in rows[0][1]] if rows else []
    missing = [column for column in columns if column not in header]
    if missing:
        raise CohortError(
            f"{path}, line 1: the column {missing[0]!r} is missing; expected the columns {', '.join(columns)}"
        )
    repeated = [column for column in columns if header.count(column) > 1]
    if repeated:
        raise CohortError(
            f"{path}, line 1: the column {repeated[0]!r} is there {header.count(repeated[0])} times"
        )
    places = {column: header.index(column) for column in columns}
    for line, cells in rows[1:]:
        if len(cells) != len(header):
            raise CohortError(
                f"{path}, line {line}: {len(cells)} values where the header has {len(header)} columns"
            )
    return [(line, {column: cells[at] for column, at in places.items()}) for line, cells in rows[1:]]
