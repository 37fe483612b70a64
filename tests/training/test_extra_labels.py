from types import SimpleNamespace

import numpy as np
import polars as pl

from heartfeat.cohorts.circor_fields import CHOICES
from heartfeat.heads.examples import UNLABELLED
from heartfeat.training.extra_labels import CLASSES, GRADES, TIMINGS, extra_labels, patient_classes

PATIENTS = pl.DataFrame(
    {
        "patient": ["a", "b", "c", "d"],
        "murmur": ["Present", "Absent", "Unknown", None],
        "outcome": ["Abnormal", "Normal", None, "Normal"],
        "systolic_grade": ["II/VI", None, None, None],
        "systolic_timing": ["Holosystolic", None, None, None],
    }
)
RECORDINGS = pl.DataFrame(
    {
        "patient": ["a", "a", "b", "c", "d"],
        "murmur": ["Present", "Absent", "Absent", "Unknown", None],
    }
)
PATIENT_OF = np.array([0, 0, 1, 2, 3])
NONE = UNLABELLED


def test_labels_of_patients():
    extra = extra_labels(PATIENTS, RECORDINGS, PATIENT_OF)
    assert {name: labels.patients.tolist() for name, labels in extra.items()} == {
        "murmur": [0, 2, 1, NONE],
        "outcome": [0, 1, NONE, 1],
        "grade": [2, 0, NONE, NONE],
        "timing": [2, NONE, NONE, NONE],
    }


def test_a_recording_has_grade_and_timing_where_the_murmur_is_heard():
    extra = extra_labels(PATIENTS, RECORDINGS, PATIENT_OF)
    assert extra["murmur"].recordings.tolist() == [0, 2, 2, 1, NONE]
    assert extra["grade"].recordings.tolist() == [2, 0, 0, NONE, NONE]
    assert extra["timing"].recordings.tolist() == [2, NONE, NONE, NONE, NONE]
    assert set(extra["outcome"].recordings.tolist()) == {NONE}


def test_a_cohort_that_tells_of_nothing_or_in_other_words_has_none():
    assert extra_labels(PATIENTS.select("patient"), RECORDINGS.select("patient"), PATIENT_OF) == {}
    other = PATIENTS.select("patient", outcome=pl.lit("died"), murmur=pl.lit(None, pl.String))
    assert extra_labels(other, RECORDINGS, PATIENT_OF) == {}


def test_classes_of_patients_are_the_labels_by_name():
    store = SimpleNamespace(
        patients=PATIENTS, recordings=RECORDINGS, patient_offsets=np.array([0, 2, 3, 4, 5])
    )
    known = patient_classes(store)
    assert known.columns == ["patient", *CLASSES]
    assert known["grade"].to_list() == ["II/VI", "none", None, None]
    assert known["timing"].to_list() == ["Holosystolic", None, None, None]
    assert known["outcome"].equals(PATIENTS["outcome"])
    store.patients = PATIENTS.select("patient", "outcome")
    assert patient_classes(store).columns == ["patient", "outcome"]


def test_every_class_is_a_value_of_the_dataset():
    assert set(GRADES[1:]) <= set(CHOICES["Systolic murmur grading"][1])
    assert set(TIMINGS) == set(CHOICES["Systolic murmur timing"][1])
