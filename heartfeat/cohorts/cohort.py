"""A cohort: one table of recordings, one of patients, with labels."""

import hashlib
from dataclasses import dataclass

import polars as pl

from heartfeat.errors import CohortError

RECORDING_COLUMNS = ("recording", "patient", "person", "site")
PATIENT_COLUMNS = ("patient", "person")


@dataclass(frozen=True)
class Cohort:
    """Recordings and patients of one dataset.

    Attributes
    ----------
    name
        Short name of the dataset, such as ``"circor"``.
    recordings
        One row per recording, a patient's rows contiguous and patients in the order of ``patients``:
        ``recording`` (unique id), ``patient``, ``person``, ``site``, one column per label that is known per
        recording and, where the files are at hand, ``path`` (absolute) and ``annotation`` (path of the
        segmentation, or null).
    patients
        One row per patient: ``patient`` (unique id), ``person``, metadata and labels. Several patient ids
        may be one person.

    Raises
    ------
    CohortError
        When a column is missing, an id is not unique or a recording names a patient that is not there.
    """

    name: str
    recordings: pl.DataFrame
    patients: pl.DataFrame

    def __post_init__(self) -> None:
        _check_columns("recordings", self.recordings, RECORDING_COLUMNS)
        _check_columns("patients", self.patients, PATIENT_COLUMNS)
        _check_unique("recording", self.recordings["recording"])
        _check_unique("patient", self.patients["patient"])
        order = self.recordings["patient"].rle().struct.field("value").to_list()
        rank = {patient: i for i, patient in enumerate(self.patients["patient"].to_list())}
        stray = [patient for patient in order if patient not in rank]
        if stray:
            raise CohortError(f"recordings name the patient {stray[0]!r}, which is not in the patients table")
        if [rank[patient] for patient in order] != sorted({rank[patient] for patient in order}):
            raise CohortError("recordings must be grouped by patient, in the order of the patients table")

    def digest(self) -> str:
        """SHA-256 over both tables, file locations left out, so that a moved folder is the same cohort."""
        located = [column for column in ("path", "annotation") if column in self.recordings.columns]
        digest = hashlib.sha256(self.name.encode())
        for table in (self.recordings.drop(located), self.patients):
            digest.update(table.write_csv().encode())
        return digest.hexdigest()


def _check_columns(name: str, table: pl.DataFrame, wanted: tuple[str, ...]) -> None:
    missing = [column for column in wanted if column not in table.columns]
    if missing:
        raise CohortError(f"the {name} table lacks the column {missing[0]!r}; it has {table.columns}")


def _check_unique(name: str, ids: pl.Series) -> None:
    repeated = ids.filter(ids.is_duplicated())
    if len(repeated):
        raise CohortError(f"the {name} id {repeated[0]!r} occurs {int((ids == repeated[0]).sum())} times")
