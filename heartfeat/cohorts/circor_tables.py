"""Read CirCor's patient table: the csv, or the text header of every patient."""

import re
from collections.abc import Iterable
from pathlib import Path

from heartfeat.cohorts.circor_fields import FIELDS, LOCATIONS_FIELD, PATIENT_FIELD, SourceRow
from heartfeat.cohorts.csv_cells import read_records
from heartfeat.errors import CohortError


def read_csv_rows(path: Path) -> list[SourceRow]:
    """Rows of ``training_data.csv`` in file order.

    Raises
    ------
    CohortError
        When the file is no csv text, lacks a column, has a row of another width or a patient twice.
    """
    records = read_records(path, FIELDS)
    return _unique(SourceRow(str(path), values, dict.fromkeys(FIELDS, line)) for line, values in records)


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
            "dataset was unpacked to"
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
