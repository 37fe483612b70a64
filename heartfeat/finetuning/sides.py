"""The recordings of a fold's training and validation patients, with labels; of its test patients, nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from heartfeat.cohorts.cohort import Cohort
from heartfeat.cohorts.folds import Fold
from heartfeat.errors import ConfigError
from heartfeat.pretraining.sounds import Sounds, Source, list_sources
from heartfeat.tasks import Task
from heartfeat.tasks.labels import UNLABELLED, labels_in


@dataclass(frozen=True)
class Sides:
    """What a fine-tuning may read.

    Attributes
    ----------
    sources
        Labelled recordings of training and validation patients.
    labels
        Class code by recording.
    valid
        Ids of the validation patients.
    """

    sources: list[Source]
    labels: Mapping[str, int]
    valid: frozenset[str]

    def places(self, sounds: Sounds) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the training and of the validation recordings among those that could be read.

        Raises
        ------
        ConfigError
            When there is none of either.
        """
        validates = np.array([source.patient in self.valid for source in sounds.sources])
        train, valid = np.flatnonzero(~validates), np.flatnonzero(validates)
        if not len(train) or not len(valid):
            raise ConfigError(
                f"fine-tuning needs labelled recordings to learn from and to validate on; there are {len(train)} and "
                f"{len(valid)}: choose another task, fold or split"
            )
        return train, valid

    def codes(self, sounds: Sounds) -> np.ndarray:
        """``(recordings,)`` class codes of the recordings that could be read."""
        return np.array([self.labels[source.recording] for source in sounds.sources], dtype=np.int64)


def sides_of(cohort: Cohort, fold: Fold, task: Task) -> Sides:
    """The sides of a fold that are trained and validated on.

    A recording's label is its own; where none of these recordings has one, its patient's.

    Raises
    ------
    ConfigError
        When the cohort names no files.
    CohortError
        When a label is no class of the task.
    """
    wanted = [*fold.train, *fold.valid]
    # From here on, nothing of the test patients is at hand.
    seen = Cohort(
        cohort.name,
        cohort.recordings.filter(pl.col("patient").is_in(wanted)),
        cohort.patients.filter(pl.col("patient").is_in(wanted)),
    )
    codes = dict(zip(seen.recordings["recording"], _codes(seen, task).tolist(), strict=True))
    labels = {recording: code for recording, code in codes.items() if code != UNLABELLED}
    sources = [source for source in list_sources(seen) if source.recording in labels]
    return Sides(sources, labels, frozenset(fold.valid))


def _codes(cohort: Cohort, task: Task) -> np.ndarray:
    own = labels_in(task, cohort.recordings, task.recording_label)
    if (own != UNLABELLED).any():
        return own
    of_patient = labels_in(task, cohort.patients, task.patient_label)
    code = dict(zip(cohort.patients["patient"], of_patient.tolist(), strict=True))
    return np.array([code[patient] for patient in cohort.recordings["patient"]], dtype=np.int64)
