"""PASCAL Classifying Heart Sounds Challenge 2011 (Bentley et al.): clips from phones (set_a) and a clinic (set_b)."""

import re
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from heartfeat.cohorts.audio_files import audio_files, check_all_listed
from heartfeat.cohorts.cohort import Cohort
from heartfeat.cohorts.csv_cells import read_records
from heartfeat.errors import CohortError
from heartfeat.messages import shorten

_LABELS = {
    "murmur": "Murmur",
    "extrastole": "Extrasystole",
    "extrahls": "Extra sound",
    "artifact": "Artifact",
    "normal": "Normal",
    "": None,
}
_COLUMNS = ("dataset", "fname", "label", "sublabel")
# set_a: a time; set_b: a number (the "subject"), a time, a position of the stethoscope that nobody explained.
_TAILS = {"a": re.compile(r"_(\d+)"), "b": re.compile(r"_(\d+)_\d+_[A-Z]\d*(_\d+)?")}

PATIENT_SCHEMA: dict[str, type[pl.DataType]] = dict.fromkeys(
    ("patient", "person", "subset", "pascal", "quality"), pl.String
)
"""Columns of the patients table; ``quality`` is noisy where the label says so, null elsewhere."""

RECORDING_SCHEMA: dict[str, type[pl.DataType]] = dict.fromkeys(
    ("recording", "patient", "person", "site", "path", "annotation", "pascal"), pl.String
)


def read_pascal(path: str | Path, name: str = "pascal") -> Cohort:
    """Read the two sets of the challenge.

    Parameters
    ----------
    path
        The folder with ``set_a.csv``, ``set_b.csv``, ``set_a/`` and ``set_b/``; either set will do.
    name
        Name of the cohort.

    Returns
    -------
    cohort
        Every clip is a patient of its own, since labels are per clip. ``person`` is the number in the name of a
        set_b clip, the time of a set_a clip: roughly a person, no more. Clips of the unlabelled test sets have no
        label. A clip that is listed and has no file is kept, so that extraction can report it.

    Raises
    ------
    CohortError
        When the folder or its tables contradict themselves; names file and line.
    """
    folder = Path(path).absolute()
    tables = {letter: folder / f"set_{letter}.csv" for letter in _TAILS}
    if not any(table.is_file() for table in tables.values()):
        raise CohortError(f"{path} holds neither set_a.csv nor set_b.csv; give the folder that holds them")
    clips = [clip for letter, table in tables.items() if table.is_file() for clip in _read_set(letter, table)]
    return Cohort(
        name=name,
        recordings=pl.DataFrame([{**clip, "site": "unknown"} for clip in clips], schema=RECORDING_SCHEMA),
        patients=pl.DataFrame(clips, schema=PATIENT_SCHEMA),
    )


def _read_set(letter: str, table: Path) -> list[dict[str, object]]:
    audio = table.with_suffix("")
    found = audio_files(audio)
    clips: dict[str, dict[str, object]] = {}
    claimed: set[str] = set()
    for line, row in read_records(table, _COLUMNS):
        where = f"{table}, line {line}"
        stem, tail = Path(row["fname"]).stem, _tail(letter, row, where)
        # The files were named anew after the tables were written; either name may be on the disk.
        renamed = f"{row['label'] or f'{letter.upper()}unlabelledtest'}_{row['sublabel']}{tail[0]}"
        on_disk = stem if stem in found else renamed
        claimed.add(on_disk)
        recording = (
            "_".join(part for part in (letter, row["label"] or "unlabelled", row["sublabel"]) if part)
            + tail[0]
        )
        if recording in clips:
            raise CohortError(f"{where}: {row['fname']} is there twice; keep one row")
        clips[recording] = {
            "patient": recording,
            "person": f"{letter}-{tail[1]}",
            "subset": f"set_{letter}",
            "pascal": _LABELS[row["label"]],
            "quality": "noisy" if row["sublabel"].startswith("noisy") else None,
            "recording": recording,
            "path": str(found.get(on_disk, audio / f"{on_disk}.wav")),
        }
    check_all_listed(found, claimed, table)
    return list(clips.values())


def _tail(letter: str, row: Mapping[str, str], where: str) -> re.Match[str]:
    if row["label"] not in _LABELS:
        known = ", ".join(filter(None, _LABELS))
        raise CohortError(f"{where}: the label is {shorten(row['label'])}; expected {known}, or nothing")
    if not re.fullmatch("[a-z]*", row["sublabel"]):
        raise CohortError(
            f"{where}: the sublabel is {shorten(row['sublabel'])}; expected one such as noisynormal, or nothing"
        )
    name = Path(row["fname"])
    matches = [match for match in _TAILS[letter].finditer(name.stem) if match.end() == len(name.stem)]
    if not matches or name.suffix.lower() != ".wav":
        example = "normal__201103090635.wav" if letter == "a" else "Btraining_normal_127_1306764300147_A.wav"
        raise CohortError(
            f"{where}: the file name is {shorten(row['fname'])}; expected one such as {example}"
        )
    return matches[0]
