"""PhysioNet/CinC Challenge 2016 (Liu et al. 2016): normal and abnormal heart sounds from several hospitals."""

import re
from collections import Counter
from pathlib import Path

import polars as pl

from heartfeat.cohorts.audio_files import audio_files, check_all_listed
from heartfeat.cohorts.cohort import Cohort
from heartfeat.cohorts.csv_cells import read_cells
from heartfeat.cohorts.physionet2016_appendix import patient_columns, person, read_appendix
from heartfeat.errors import CohortError
from heartfeat.messages import shorten

_LABELS = {"1": "Abnormal", "-1": "Normal"}
_QUALITIES = {"1": "clean", "0": "noisy"}
_ID = re.compile(r"[^\s/\\,]{1,100}")

PATIENT_SCHEMA: dict[str, type[pl.DataType]] = {
    "patient": pl.String,
    "person": pl.String,
    "subset": pl.String,
    "normal_abnormal": pl.String,
    "murmur": pl.String,
    "sex": pl.String,
    "age": pl.String,
    "age_years": pl.Float64,
    "height": pl.Float64,
    "weight": pl.Float64,
    "diagnosis": pl.String,
    "quality": pl.String,
}
"""Columns of the patients table; anything not known is null."""

RECORDING_SCHEMA: dict[str, type[pl.DataType]] = dict.fromkeys(
    ("recording", "patient", "person", "site", "path", "annotation", "normal_abnormal", "murmur"), pl.String
)


def read_physionet2016(path: str | Path, name: str = "physionet2016") -> Cohort:
    """Read the training sets of the 2016 Challenge.

    Parameters
    ----------
    path
        The folder with ``training-a`` and the others, each with ``REFERENCE.csv`` and wav or FLAC files.
        ``annotations/`` is read where it is there.
    name
        Name of the cohort.

    Returns
    -------
    cohort
        Every recording is a patient of its own, since labels and the Challenge's scores are per recording;
        ``person`` joins recordings of one person where that is known. Subsets in order, recordings in the
        order of their table. One that is listed and has no file is kept with its expected path, so that extraction
        can report it. No site is known ("unknown").

    Raises
    ------
    CohortError
        When the folder or its tables contradict themselves; names file and line.
    """
    folder = Path(path).absolute()
    subsets = sorted(part for part in folder.glob("training-*") if part.is_dir())
    if not subsets:
        raise CohortError(f"{path} holds no folder training-a, training-b, ...; give the one that holds them")
    appendix = read_appendix(folder)
    patients: list[dict[str, object]] = []
    recordings: list[dict[str, object]] = []
    for subset in subsets:
        labels, qualities = _read_labels(subset / "REFERENCE.csv"), _read_qualities(folder, subset)
        for recording, file in _files(subset, labels).items():
            fields = appendix.get(recording, {})
            identity = {"patient": recording, "person": person(recording, fields)}
            known = {**patient_columns(fields), "normal_abnormal": labels[recording]}
            quality = qualities.get(recording)
            patients.append({**identity, "subset": subset.name, **known, "quality": quality})
            place = {"recording": recording, "site": "unknown", "path": str(file), "annotation": None}
            recordings.append({**identity, **place, **{name: known[name] for name in _RECORDING_LABELS}})
    return Cohort(
        name=name,
        recordings=pl.DataFrame(recordings, schema=RECORDING_SCHEMA),
        patients=pl.DataFrame(patients, schema=PATIENT_SCHEMA),
    )


_RECORDING_LABELS = ("normal_abnormal", "murmur")


def _read_labels(path: Path) -> dict[str, str]:
    """Recording -> Abnormal or Normal, in file order."""
    labels: dict[str, str] = {}
    for line, cells in read_cells(path):
        recording = cells[0]
        if len(cells) != 2 or not _ID.fullmatch(recording) or not recording.isprintable():
            raise CohortError(
                f"{path}, line {line}: expected '<recording>,<label>', got {shorten(','.join(cells))}"
            )
        if cells[1] not in _LABELS:
            raise CohortError(
                f"{path}, line {line}: the label is {shorten(cells[1])}; expected 1 (abnormal) or -1 (normal)"
            )
        if recording in labels:
            raise CohortError(f"{path}, line {line}: {recording!r} is there twice; keep one row")
        labels[recording] = _LABELS[cells[1]]
    return labels


def _read_qualities(folder: Path, subset: Path) -> dict[str, str]:
    """Recording -> clean or noisy, from the third column of a signal quality table where there is one."""
    places = (subset, folder / "annotations" / "updated" / subset.name)
    tables = [path for place in places for path in sorted(place.glob("REFERENCE*SQI.csv"))]
    return {
        cells[0]: _QUALITIES[cells[2]]
        for path in tables[:1]
        for _, cells in read_cells(path)
        if len(cells) == 3 and cells[2] in _QUALITIES
    }


def _files(subset: Path, labels: dict[str, str]) -> dict[str, Path]:
    """The file of every labelled recording, which need not exist."""
    found = audio_files(subset)
    check_all_listed(found, labels.keys(), subset / "REFERENCE.csv")
    suffixes = Counter(path.suffix for path in found.values()).most_common(1)
    suffix = suffixes[0][0] if suffixes else ".wav"
    return {recording: found.get(recording, subset / f"{recording}{suffix}") for recording in labels}
