"""Labelled recordings and patients as tables, for heads that fit tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heartfeat.heads.examples import UNLABELLED, Examples
from heartfeat.heads.patient_evidence import mean_per_patient
from heartfeat.heads.tabular.encoder import TabularEncoder


@dataclass(frozen=True)
class TrainingTable:
    """Recordings of labelled patients.

    Attributes
    ----------
    rows
        ``(views, recordings, columns)`` float32, the clean view first.
    labels
        ``(recordings,)`` class codes.
    patient_of
        ``(recordings,)`` patient of each recording.
    patient_labels
        ``(patients,)`` class codes.
    persons
        Person of each patient.
    """

    rows: np.ndarray
    labels: np.ndarray
    patient_of: np.ndarray
    patient_labels: np.ndarray
    persons: list[str]


def training_table(encoder: TabularEncoder, examples: Examples) -> TrainingTable:
    """The patients that have a label; a recording without its own label takes its patient's."""
    examples = examples.labelled()
    of_patient = examples.labels[examples.patient_of]
    return TrainingTable(
        rows=encoder(examples),
        labels=np.where(examples.recording_labels == UNLABELLED, of_patient, examples.recording_labels),
        patient_of=examples.patient_of,
        patient_labels=examples.labels,
        persons=[str(person) for person in examples.patients["person"]],
    )


def join_tables(tables: Sequence[TrainingTable]) -> TrainingTable:
    """The tables one behind the other."""
    starts = np.cumsum([0, *(len(table.patient_labels) for table in tables[:-1])])
    moved = [table.patient_of + start for table, start in zip(tables, starts, strict=True)]
    return TrainingTable(
        rows=np.concatenate([table.rows for table in tables], axis=1),
        labels=np.concatenate([table.labels for table in tables]),
        patient_of=np.concatenate(moved),
        patient_labels=np.concatenate([table.patient_labels for table in tables]),
        persons=[person for table in tables for person in table.persons],
    )


def patient_rows(rows: np.ndarray, patient_of: np.ndarray, patients: int) -> np.ndarray:
    """Mean over each patient's recordings, ``(views, patients, columns)`` float32."""
    means = [mean_per_patient(view, patient_of, patients) for view in rows]
    return np.stack(means).astype(np.float32)
