"""Read CirCor's patient table: the csv, or the text header of every patient."""

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from heartfeat.cohorts.circor_fields import FIELDS, LOCATIONS_FIELD, PATIENT_FIELD, SourceRow
from heartfeat.errors import CohortError


def read_csv_rows(path: Path) -> list[SourceRow]:
    """Rows of ``training_data.csv`` in file order.

    Raises
    ------
    CohortError
        When the file is no csv text, lacks a column, has a row of another width or a patient twice.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return _parse_csv(path, file)
    except (OSError, UnicodeDecodeError) as error:
        raise CohortError(f"{path} cannot be read: {error}") from error


def _parse_csv(path: Path, file: TextIO) -> list[SourceRow]:
    reader = csv.reader(file, strict=True)
    rows: list[SourceRow] = []
    header: list[str] = []
    try:
        for cells in reader:
            if not header:
                header = [cell.strip().rstrip(":") for cell in cells]
                _check_header(path, header)
            elif any(cell.strip() for cell in cells):
                rows.append(_csv_row(path, reader.line_num, header, cells))
    except csv.Error as error:
        raise CohortError(f"{path}, line {reader.line_num}: {error}") from error
    _check_header(path, header)
    return _unique(rows)


def _check_header(path: Path, header: list[str]) -> None:
    missing = [field for field in FIELDS if field not in header]
    if missing:
        raise CohortError(
            f"{path}, line 1: the column {missing[0]!r} is missing; expected the columns {', '.join(FIELDS)}"
        )
    repeated = [field for field in FIELDS if header.count(field) > 1]
    if repeated:
        raise CohortError(
            f"{path}, line 1: the column {repeated[0]!r} is there {header.count(repeated[0])} times"
        )


def _csv_row(path: Path, line: int, header: list[str], cells: list[str]) -> SourceRow:
    if len(cells) != len(header):
        raise CohortError(
            f"{path}, line {line}: {len(cells)} values where the header has {len(header)} columns"
        )
    return SourceRow(str(path), dict(zip(header, cells, strict=True)), dict.fromkeys(header, line))


def read_text_rows(folder: Path) -> list[SourceRow]:
    """Rows from every ``<patient>.txt`` in a folder, patients (whose ids are numbers) in order.

    Raises
    ------
    CohortError
        When there is no such file, one lacks a field, or a patient is there twice.
    """
    paths = sorted(folder.glob("[0-9]*.txt"), key=lambda path: (len(path.stem), path.stem))
    rows = [_text_row(path) for path in paths]
    if not rows:
        raise CohortError(
            f"{folder} holds neither training_data.csv nor <patient>.txt files; give the folder that the "
            "dataset was unpacked to, or read recordings of your own with `heartfeat init --own PATH`"
        )
    return _unique(rows)


def _text_row(path: Path) -> SourceRow:
    """One patient's header: ``patient recordings rate``, a line per recording, ``#Field: value`` lines."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CohortError(f"{path} cannot be read: {error}") from error
    first = lines[0].split() if lines else []
    if len(first) < 2 or not re.fullmatch("[0-9]{1,6}", first[1]):
        raise CohortError(f"{path}, line 1: expected '<patient> <number of recordings> <sample rate>'")
    if first[0] != path.stem:
        raise CohortError(
            f"{path}, line 1: is about patient {first[0]!r}, the file's name says {path.stem!r}"
        )
    listed = [line.split() for line in lines[1:] if line.strip() and not line.startswith("#")]
    if len(listed) != int(first[1]):
        raise CohortError(f"{path}, line 1: promises {first[1]} recordings, {len(listed)} are listed")
    values = {PATIENT_FIELD: first[0], LOCATIONS_FIELD: "+".join(words[0] for words in listed)}
    numbers = {PATIENT_FIELD: 1, LOCATIONS_FIELD: 2}
    for number, line in enumerate(lines, start=1):
        name, colon, value = line.removeprefix("#").partition(":")
        if line.startswith("#") and colon:
            if name.strip() in values:
                raise CohortError(f"{path}, line {number}: the line '#{name.strip()}: ...' is there twice")
            values[name.strip()] = value
            numbers[name.strip()] = number
    missing = [field for field in FIELDS if field not in values]
    if missing:
        raise CohortError(f"{path}, line {len(lines)}: the file ends without the line '#{missing[0]}: ...'")
    return SourceRow(str(path), values, numbers)


def _unique(rows: Iterable[SourceRow]) -> list[SourceRow]:
    first: dict[str, SourceRow] = {}
    for row in rows:
        patient = row.patient()
        if patient in first:
            before = f"{first[patient].file}, line {first[patient].lines[PATIENT_FIELD]}"
            raise row.error(PATIENT_FIELD, f"{patient!r} is there twice; the first is in {before}")
        first[patient] = row
    return list(first.values())
