"""Recordings of one's own: a csv table with a row per recording, or a bare folder of audio files."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import polars as pl

from heartfeat.cohorts.audio_files import audio_files
from heartfeat.cohorts.circor_fields import SourceRow
from heartfeat.cohorts.cohort import Cohort
from heartfeat.cohorts.csv_cells import read_cells, read_records
from heartfeat.cohorts.own_fields import (
    COLUMNS,
    LABELS,
    NEEDED,
    OF_PATIENT,
    TYPES,
    identifier,
    path_of,
    patient_of,
    site_of,
    value_of,
)
from heartfeat.errors import CohortError
from heartfeat.messages import nearest, shorten


def read_own(path: str | Path, name: str = "own") -> Cohort:
    """Read recordings of one's own.

    Parameters
    ----------
    path
        A csv table with a row per recording: ``path`` (of the audio, from the table's folder), ``patient``, and any
        others of :data:`~heartfeat.cohorts.own_fields.COLUMNS`. Or a folder of wav and FLAC files.
    name
        Name of the cohort.

    Returns
    -------
    cohort
        Of a table, patients in the order of their first rows; blank and ``nan`` are not known. Where nothing else is
        said, ``person`` is the patient, ``recording`` the file's name without its suffix, ``site`` "unknown" and
        ``age`` the band of ``age_years`` (years). ``height`` is in cm, ``weight`` in kg. A recording that has no file
        is kept, so that extraction can report it. Of a folder, every file is a patient of its own, without labels.

    Raises
    ------
    CohortError
        When there is nothing to read, or the table contradicts itself; names file and line.
    """
    place = Path(path).absolute()
    if place.is_dir():
        return _read_folder(place, name)
    if place.is_file():
        return _read_table(place, name)
    raise CohortError(
        f"there is no {path}; give a csv table of recordings, or a folder of wav and FLAC files"
    )


def _read_folder(folder: Path, name: str) -> Cohort:
    files = audio_files(folder)
    if not files:
        raise CohortError(
            f"{folder} holds no wav or FLAC files; give the folder that they lie in, or a csv table with the columns "
            f"{' and '.join(NEEDED)}"
        )
    for stem in files:
        if not stem.isprintable():
            raise CohortError(
                f"{folder} holds a file called {shorten(stem)}; give it a name that can be seen"
            )
    patients = [{"patient": stem, "person": stem} for stem in files]
    recordings = [
        {"recording": one["patient"], **one, "site": "unknown", "path": str(path), "annotation": None}
        for one, path in zip(patients, files.values(), strict=True)
    ]
    return Cohort(name, _frame(recordings), _frame(patients))


def _read_table(table: Path, name: str) -> Cohort:
    header = _header(table)
    rows = [
        SourceRow(str(table), {**dict.fromkeys(COLUMNS, ""), **values}, dict.fromkeys(COLUMNS, line))
        for line, values in read_records(table, header)
    ]
    if not rows:
        raise CohortError(f"{table} lists no recordings; give each a row with its {' and '.join(NEEDED)}")
    patients = _patients(rows, header)
    return Cohort(name, _frame(_recordings(rows, header, patients)), _frame(list(patients.values())))


def _header(table: Path) -> tuple[str, ...]:
    """The columns of a table, after those that it must have."""
    cells = read_cells(table)
    header = cells[0][1] if cells else []
    for column in header:
        if column not in COLUMNS:
            raise CohortError(
                f"{table}, line 1: the column {shorten(column)} is not known; {nearest(column, COLUMNS)}"
                f"Rename it or take it out; columns are {', '.join(COLUMNS)}"
            )
    return tuple(dict.fromkeys((*NEEDED, *header)))


def _patients(rows: Sequence[SourceRow], header: Collection[str]) -> dict[str, dict[str, object]]:
    """Columns of each patient, from all of its rows, which must not contradict each other."""
    wanted = {"person", *header} | ({"age"} if "age_years" in header else set())
    columns = [column for column in OF_PATIENT if column in wanted]
    patients: dict[str, dict[str, object]] = {}
    lines: dict[tuple[str, str], int] = {}
    for row in rows:
        patient = patient_of(row)
        known = patients.setdefault(patient, {"patient": patient, **dict.fromkeys(columns)})
        for column in columns:
            value, line = value_of(row, column), row.lines[column]
            if value is None:
                continue
            if known[column] not in (None, value):
                raise row.error(
                    column,
                    f"is {shorten(value)}, but {shorten(known[column])} in line {lines[patient, column]}, of the same "
                    f"patient {shorten(patient)}; correct one of them or leave it empty",
                )
            known[column] = value
            lines.setdefault((patient, column), line)
    return {patient: {**known, "person": known["person"] or patient} for patient, known in patients.items()}


def _recordings(
    rows: Sequence[SourceRow], header: Collection[str], patients: Mapping[str, Mapping[str, object]]
) -> list[dict[str, object]]:
    """Rows of the recordings table, patient by patient."""
    labels = {column: label for column, label in LABELS.items() if column in header}
    found: dict[str, list[dict[str, object]]] = {patient: [] for patient in patients}
    lines: dict[str, int] = {}
    for row in rows:
        patient, path, line = patient_of(row), path_of(row), row.lines["path"]
        recording = identifier(row, "recording") or path.stem
        if lines.setdefault(recording, line) != line:
            raise row.error(
                "recording",
                f"{shorten(recording)} is there twice; the first is in line {lines[recording]}. Keep one of them, or "
                "give each an id of its own in the column 'recording'",
            )
        columns = {
            "recording": recording,
            "patient": patient,
            "person": patients[patient]["person"],
            "site": site_of(row),
            "path": str(path),
            "annotation": None,
        }
        found[patient].append(columns | {label: value_of(row, column) for column, label in labels.items()})
    return [recording for of_patient in found.values() for recording in of_patient]


def _frame(rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={column: TYPES.get(column, pl.String) for column in rows[0]})
