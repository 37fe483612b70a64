"""Labels beside the task's own, from the columns of CirCor, for heads that learn several things at once."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from heartfeat.heads.examples import UNLABELLED, ExtraLabels
from heartfeat.stores.store import Store
from heartfeat.tasks import MURMUR, OUTCOME

GRADES = ("none", "I/VI", "II/VI", "III/VI")
"""Grades of a systolic murmur, as far as CirCor has them; 0 where there is none."""

TIMINGS = ("Early-systolic", "Mid-systolic", "Holosystolic", "Late-systolic")

CLASSES = {"murmur": MURMUR.classes, "outcome": OUTCOME.classes, "grade": GRADES, "timing": TIMINGS}
"""Class names of each of these tasks."""


def extra_labels(
    patients: pl.DataFrame, recordings: pl.DataFrame, patient_of: np.ndarray
) -> dict[str, ExtraLabels]:
    """``murmur``, ``outcome``, ``grade`` and ``timing``, as many as the tables tell of.

    A recording takes its patient's grade and timing where the murmur is heard in it, and grade 0 where it is not.
    Values that CirCor does not know count as no label.

    Parameters
    ----------
    patients, recordings
        A store's tables, labels and all.
    patient_of
        ``(recordings,)`` row of ``patients`` that each recording belongs to.
    """
    heard = _codes(recordings, MURMUR.recording_label or "", MURMUR.classes)
    known = {
        "murmur": ExtraLabels(MURMUR.classes, _codes(patients, MURMUR.patient_label, MURMUR.classes), heard),
        "outcome": ExtraLabels(
            OUTCOME.classes,
            _codes(patients, OUTCOME.patient_label, OUTCOME.classes),
            np.full_like(heard, UNLABELLED),
        ),
    }
    present, absent = MURMUR.classes.index("Present"), MURMUR.classes.index("Absent")
    grades = _codes(patients, "systolic_grade", GRADES)
    timings = _codes(patients, "systolic_timing", TIMINGS)
    if (grades != UNLABELLED).any():
        patient_grades = np.where(known["murmur"].patients == absent, 0, grades)
        of_recordings = np.where(heard == present, grades[patient_of], UNLABELLED)
        known["grade"] = ExtraLabels(GRADES, patient_grades, np.where(heard == absent, 0, of_recordings))
    if (timings != UNLABELLED).any():
        known["timing"] = ExtraLabels(
            TIMINGS, timings, np.where(heard == present, timings[patient_of], UNLABELLED)
        )
    return {name: labels for name, labels in known.items() if (labels.patients != UNLABELLED).any()}


def patient_classes(store: Store) -> pl.DataFrame:
    """``patient``, and a column per task of :func:`extra_labels`: the class of each patient, null where not known.

    For scoring: heads are shown test patients without labels.
    """
    owners = np.repeat(np.arange(len(store.patients)), np.diff(store.patient_offsets))
    known = extra_labels(store.patients, store.recordings, owners)
    columns = [
        pl.Series(name, map(dict(enumerate(labels.classes)).get, labels.patients.tolist()), dtype=pl.String)
        for name, labels in known.items()
    ]
    return store.patients.select("patient", *columns)


def _codes(table: pl.DataFrame, column: str, classes: Sequence[str]) -> np.ndarray:
    if column not in table.columns:
        return np.full(len(table), UNLABELLED, dtype=np.int64)
    code_of = {name: code for code, name in enumerate(classes)}
    return np.array([code_of.get(value, UNLABELLED) for value in table[column].to_list()], dtype=np.int64)
