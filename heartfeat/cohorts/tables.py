"""Export a cohort as one table."""

from pathlib import Path

import polars as pl

from heartfeat.cohorts.cohort import Cohort
from heartfeat.cohorts.folds import Splits
from heartfeat.errors import ConfigError

_SUFFIXES = (".csv", ".json", ".parquet")


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
