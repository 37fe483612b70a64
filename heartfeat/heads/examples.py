"""What a head sees: cached features, metadata and labels of some patients, all in RAM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

UNLABELLED = -1


@dataclass(frozen=True)
class FeatureArrays:
    """One feature set, in recording order.

    Attributes
    ----------
    tokens
        ``(views, rows, D)`` float16, or None where a head asked for pooled features only.
    offsets
        ``(recordings + 1,)`` int64: recording ``r`` owns rows ``offsets[r]:offsets[r + 1]``.
    pooled
        ``(views, recordings, D x statistics)`` float32.
    attrs
        The set's store attributes: name, core key and everything that went into it, ``token_rate`` (Hz),
        ``dim``, ``statistics``, ``views``.
    """

    tokens: np.ndarray | None
    offsets: np.ndarray
    pooled: np.ndarray
    attrs: Mapping[str, object]


@dataclass(frozen=True)
class Examples:
    """Patients with their recordings, ready for a head.

    Attributes
    ----------
    classes
        Class names of the task, in the order of label codes and probability columns.
    views
        Names of the views along the first axis of the feature arrays; ``views[0]`` is ``"clean"``.
    patients
        Table with one row per patient: ``patient``, ``person`` and metadata columns (no labels).
    recordings
        Table with one row per usable recording, grouped by patient in the order of ``patients``: ``recording``,
        ``patient``, ``site`` and quality figures (no labels).
    patient_of
        ``(recordings,)`` int64 row of ``patients`` that each recording belongs to, non-decreasing.
    features
        Feature arrays by feature set name.
    labels
        ``(patients,)`` int64 class codes, or ``UNLABELLED``.
    recording_labels
        ``(recordings,)`` int64 class codes, or ``UNLABELLED`` where the dataset does not say.
    """

    classes: tuple[str, ...]
    views: tuple[str, ...]
    patients: pl.DataFrame
    recordings: pl.DataFrame
    patient_of: np.ndarray
    features: Mapping[str, FeatureArrays]
    labels: np.ndarray
    recording_labels: np.ndarray

    def take(self, patients: Sequence[str]) -> Examples:
        """The same data for some patients, in their present order (tokens are copied row-wise)."""
        keep = self.patients["patient"].is_in(list(patients)).to_numpy()
        kept_recordings = keep[self.patient_of]
        renumber = np.cumsum(keep) - 1
        return Examples(
            classes=self.classes,
            views=self.views,
            patients=self.patients.filter(pl.Series(keep)),
            recordings=self.recordings.filter(pl.Series(kept_recordings)),
            patient_of=renumber[self.patient_of[kept_recordings]],
            features={name: _take(arrays, kept_recordings) for name, arrays in self.features.items()},
            labels=self.labels[keep],
            recording_labels=self.recording_labels[kept_recordings],
        )

    def without_labels(self) -> Examples:
        """The same patients with every label hidden, for prediction."""
        return Examples(
            classes=self.classes,
            views=self.views,
            patients=self.patients,
            recordings=self.recordings,
            patient_of=self.patient_of,
            features=self.features,
            labels=np.full_like(self.labels, UNLABELLED),
            recording_labels=np.full_like(self.recording_labels, UNLABELLED),
        )


def _take(arrays: FeatureArrays, keep: np.ndarray) -> FeatureArrays:
    lengths = np.diff(arrays.offsets)
    rows = np.repeat(keep, lengths)
    return FeatureArrays(
        tokens=None if arrays.tokens is None else arrays.tokens[:, rows],
        offsets=np.concatenate([[0], np.cumsum(lengths[keep])]).astype(np.int64),
        pooled=arrays.pooled[:, keep],
        attrs=arrays.attrs,
    )
