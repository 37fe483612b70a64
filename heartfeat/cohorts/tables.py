"""Keep a cohort as parquet tables, and export it as one table."""

import hashlib
import io
import json
from pathlib import Path

import polars as pl

from heartfeat.cohorts.cohort import Cohort
from heartfeat.cohorts.folds import Splits
from heartfeat.errors import CohortError, ConfigError

_ABOUT = "cohort.json"
_TABLES = ("recordings.parquet", "patients.parquet")
_SUFFIXES = (".csv", ".json", ".parquet")


def save_cohort(cohort: Cohort, folder: str | Path) -> Path:
    """Write ``recordings.parquet``, ``patients.parquet`` and ``cohort.json`` (name, digest, SHA-256 of the files)."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    cohort.recordings.write_parquet(folder / _TABLES[0])
    cohort.patients.write_parquet(folder / _TABLES[1])
    about = {
        "name": cohort.name,
        "digest": cohort.digest(),
        "files": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in _TABLES},
    }
    (folder / _ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return folder


def load_cohort(folder: str | Path) -> Cohort:
    """Read what :func:`save_cohort` wrote.

    Raises
    ------
    CohortError
        When a file is missing or damaged, or the tables are not the ones that ``cohort.json`` tells of.
    """
    folder = Path(folder)
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        name, digest = str(about["name"]), about["digest"]
        recordings, patients = (_read_table(folder / table, about["files"][table]) for table in _TABLES)
    except FileNotFoundError as error:
        raise CohortError(f"{folder} holds no saved cohort: {error}") from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError, pl.exceptions.PolarsError) as error:
        raise CohortError(f"the cohort saved in {folder} cannot be read: {error}") from error
    cohort = Cohort(name=name, recordings=recordings, patients=patients)
    if cohort.digest() != digest:
        raise CohortError(f"the tables in {folder} are not the ones {_ABOUT} tells of; save the cohort again")
    return cohort


def _read_table(path: Path, digest: str) -> pl.DataFrame:
    """A table whose file is whole: parquet's reader panics over a damaged one."""
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise CohortError(f"{path} is not the file that {_ABOUT} tells of; save the cohort again")
    return pl.read_parquet(io.BytesIO(content))


def export_cohort(cohort: Cohort, path: str | Path, split: Splits | None = None) -> Path:
    """Write one joined table: a row per recording, and one for each patient without any.

    Parameters
    ----------
    path
        A ``.csv``, ``.json`` or ``.parquet`` file.
    split
        Adds the column ``split`` (train, valid or test), or ``fold_0``, ``fold_1``, ... where it has several
        folds; null for patients it leaves out.

    Raises
    ------
    ConfigError
        When the suffix is another.
    """
    path = Path(path)
    if path.suffix not in _SUFFIXES:
        raise ConfigError(f"{path}: expected a file name that ends in {', '.join(_SUFFIXES)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    table = joined_table(cohort, split)
    if path.suffix == ".csv":
        table.write_csv(path)
    elif path.suffix == ".json":
        table.write_json(path)
    else:
        table.write_parquet(path)
    return path


def joined_table(cohort: Cohort, split: Splits | None = None) -> pl.DataFrame:
    """The table that :func:`export_cohort` writes.

    Patient columns keep their names; a label that is known per recording too stands in ``recording_<label>``.
    """
    recordings = cohort.recordings.drop("person")
    shared = [name for name in recordings.columns if name in cohort.patients.columns and name != "patient"]
    recordings = recordings.rename({name: f"recording_{name}" for name in shared})
    identity = ["patient", "person", "recording", "site", "path"]
    table = cohort.patients.join(recordings, on="patient", how="left", maintain_order="left_right")
    labels = [f"recording_{name}" for name in shared]
    others = [name for name in table.columns if name not in (*identity, *labels)]
    table = table.select(*identity, *shared, *labels, *(name for name in others if name not in shared))
    if split is None:
        return table
    return table.join(_sides(split), on="patient", how="left", maintain_order="left")


def _sides(split: Splits) -> pl.DataFrame:
    """``patient`` and one column of side names per fold."""
    names = ["split"] if len(split.folds) == 1 else [f"fold_{number}" for number in range(len(split.folds))]
    of_fold = [
        {patient: side for side, patients in fold.sides().items() for patient in patients}
        for fold in split.folds
    ]
    patients = list(dict.fromkeys(patient for sides in of_fold for patient in sides))
    columns = {
        name: [sides.get(patient) for patient in patients] for name, sides in zip(names, of_fold, strict=True)
    }
    return pl.DataFrame(
        {"patient": patients, **columns}, schema_overrides=dict.fromkeys(("patient", *names), pl.String)
    )
