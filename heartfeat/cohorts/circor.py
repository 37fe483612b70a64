"""CirCor DigiScope (PhysioNet Challenge 2022), as published or with the audio as FLAC."""

from collections import Counter
from pathlib import Path

import polars as pl

from heartfeat.cohorts.circor_fields import SourceRow, patient_columns
from heartfeat.cohorts.circor_files import RecordingFile, find_files, with_listed
from heartfeat.cohorts.circor_tables import read_csv_rows, read_text_rows
from heartfeat.cohorts.cohort import Cohort
from heartfeat.cohorts.persons import group_persons
from heartfeat.errors import CohortError

_CHARACTERS = ("timing", "shape", "grade", "pitch", "quality")

PATIENT_SCHEMA: dict[str, type[pl.DataType]] = {
    "patient": pl.String,
    "person": pl.String,
    "age": pl.String,
    "sex": pl.String,
    "height": pl.Float64,
    "weight": pl.Float64,
    "pregnant": pl.Boolean,
    "campaign": pl.String,
    "murmur": pl.String,
    "outcome": pl.String,
    "murmur_locations": pl.String,
    "most_audible": pl.String,
    **{f"{phase}_{name}": pl.String for phase in ("systolic", "diastolic") for name in _CHARACTERS},
}
"""Columns of the patients table. ``height`` is in cm, ``weight`` in kg; anything not known is null."""

RECORDING_SCHEMA: dict[str, type[pl.DataType]] = dict.fromkeys(
    ("recording", "patient", "person", "site", "path", "annotation", "murmur"), pl.String
)
"""Columns of the recordings table. ``murmur`` is Present where "Murmur locations" names the site."""


def read_circor(path: str | Path, name: str = "circor") -> Cohort:
    """Read a CirCor folder.

    Parameters
    ----------
    path
        The folder with ``training_data.csv`` and ``training_data/``, or ``training_data`` itself. Without a
        csv the patients' ``<patient>.txt`` headers are read.
    name
        Name of the cohort.

    Returns
    -------
    cohort
        Patients in the order of the table, each one's recordings by site (AV, PV, TV, MV, Phc) and number.
        A recording that the table lists and that has no file is kept with its expected path, so that
        extraction can report it. ``person`` joins ids that "Additional ID" links.

    Raises
    ------
    CohortError
        When the folder or its tables contradict themselves; names file and line.
    """
    folder, audio = _locate(Path(path))
    rows = _read_rows(folder, audio)
    persons = group_persons({row.patient(): row.related() for row in rows})
    table = Path(rows[0].file)
    found = find_files(audio, persons.keys(), str(table if table.suffix == ".csv" else audio / "*.txt"))
    suffixes = Counter(file.path.suffix for files in found.values() for file in files)
    suffix = suffixes.most_common(1)[0][0] if suffixes else ".wav"
    patients: list[dict[str, object]] = []
    recordings: list[dict[str, object]] = []
    for row in rows:
        identity = {"patient": row.patient(), "person": persons[row.patient()]}
        columns = patient_columns(row)
        patients.append({**identity, **columns})
        for file in with_listed(row, found.get(row.patient(), []), audio, suffix):
            recordings.append({**identity, **_recording_columns(file, columns)})
    return Cohort(
        name=name,
        recordings=pl.DataFrame(recordings, schema=RECORDING_SCHEMA),
        patients=pl.DataFrame(patients, schema=PATIENT_SCHEMA),
    )


def _locate(path: Path) -> tuple[Path, Path]:
    """The folder with the csv and the folder with the audio, both absolute."""
    folder = path.absolute()
    if not folder.is_dir():
        raise CohortError(
            f"there is no folder {path}; give the one that holds training_data.csv and training_data/, or read "
            "recordings of your own with `heartfeat init --own PATH`"
        )
    if (folder / "training_data").is_dir():
        return folder, folder / "training_data"
    if folder.name == "training_data" and (folder.parent / "training_data.csv").is_file():
        return folder.parent, folder
    return folder, folder


def _read_rows(folder: Path, audio: Path) -> list[SourceRow]:
    table = folder / "training_data.csv"
    rows = read_csv_rows(table) if table.is_file() else read_text_rows(audio)
    if not rows:
        raise CohortError(f"{table} lists no patients")
    return rows


def _recording_columns(file: RecordingFile, patient: dict[str, object]) -> dict[str, object]:
    annotation = file.path.with_suffix(".tsv")
    return {
        "recording": file.path.stem,
        "site": file.site,
        "path": str(file.path),
        "annotation": str(annotation) if annotation.is_file() else None,
        "murmur": _recording_murmur(file.site, patient),
    }


def _recording_murmur(site: str, patient: dict[str, object]) -> object:
    """The patient's label, but for a murmur that was heard elsewhere only; null where nobody noted where."""
    if patient["murmur"] != "Present":
        return patient["murmur"]
    locations = patient["murmur_locations"]
    if locations is None:
        return None
    return "Present" if site in str(locations).split("+") else "Absent"
