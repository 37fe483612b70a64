"""What a head sees: cached features, metadata and labels of some patients, all in RAM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from heartfeat.tasks.labels import UNLABELLED


@dataclass(frozen=True)
class FeatureArrays:
    """One feature set, in recording order.

    Attributes
    ----------
    tokens
        ``(views, rows, D)`` float16, or None where a head asked for pooled features only. Every selection of
        recordings shares the whole array, so that taking patients copies no tokens.
    spans
        ``(recordings, 2)`` int64: first row of each recording and the row behind its last.
    pooled
        ``(views, recordings, D x statistics)`` float32.
    attrs
        The set's store attributes: name, core key and everything that went into it, ``token_rate`` (Hz),
        ``dim``, ``statistics``, ``views``.
    """

    tokens: np.ndarray | None
    spans: np.ndarray
    pooled: np.ndarray
    attrs: Mapping[str, object]

    def take(self, keep: np.ndarray) -> FeatureArrays:
        """The recordings where ``keep``, ``(recordings,)`` bool, is set."""
        return FeatureArrays(self.tokens, self.spans[keep], self.pooled[:, keep], self.attrs)

    def with_others(self, others: FeatureArrays) -> FeatureArrays:
        """These recordings and, behind them, ``others`` of the same set; tokens of another array are copied."""
        tokens, spans = self.tokens, others.spans
        if tokens is not None and others.tokens is not None and others.tokens is not tokens:
            spans = spans + tokens.shape[1]
            tokens = np.concatenate([tokens, others.tokens], axis=1)
        pooled = np.concatenate([self.pooled, others.pooled], axis=1)
        return FeatureArrays(tokens, np.concatenate([self.spans, spans]), pooled, self.attrs)


def consecutive_spans(lengths: Sequence[int] | np.ndarray) -> np.ndarray:
    """``(recordings, 2)`` spans of recordings that follow one another, of so many rows each."""
    counts = np.asarray(lengths, dtype=np.int64)
    ends = np.cumsum(counts)
    return np.stack([ends - counts, ends], axis=1)


@dataclass(frozen=True)
class ExtraLabels:
    """What is known besides the task's own labels, for heads that learn several things at once.

    Attributes
    ----------
    classes
        Class names in the order of the codes.
    patients, recordings
        ``(patients,)`` and ``(recordings,)`` int64 class codes, or ``UNLABELLED``.
    """

    classes: tuple[str, ...]
    patients: np.ndarray
    recordings: np.ndarray


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
    extra_labels
        Labels of other tasks by name, as many as the dataset has; empty where labels are hidden.
    """

    classes: tuple[str, ...]
    views: tuple[str, ...]
    patients: pl.DataFrame
    recordings: pl.DataFrame
    patient_of: np.ndarray
    features: Mapping[str, FeatureArrays]
    labels: np.ndarray
    recording_labels: np.ndarray
    extra_labels: Mapping[str, ExtraLabels] = field(default_factory=dict)

    def take(self, patients: Sequence[str]) -> Examples:
        """The same data for some patients, in their present order (pooled features are copied, tokens shared)."""
        keep = self.patients["patient"].is_in(list(patients)).to_numpy()
        return self._only(keep, keep[self.patient_of])

    def take_recordings(self, keep: np.ndarray) -> Examples:
        """The same data where ``keep``, ``(recordings,)`` bool, is set; patients without any such are left out."""
        return self._only(np.bincount(self.patient_of[keep], minlength=len(self.patients)) > 0, keep)

    def with_others(self, others: Examples) -> Examples:
        """These patients and, behind them, ``others``: patients of the same task, views and feature sets."""
        if not len(others.patients):
            return self
        after = others.patient_of + len(self.patients)
        return Examples(
            classes=self.classes,
            views=self.views,
            patients=pl.concat([self.patients, others.patients]),
            recordings=pl.concat([self.recordings, others.recordings]),
            patient_of=np.concatenate([self.patient_of, after]),
            features={
                name: arrays.with_others(others.features[name]) for name, arrays in self.features.items()
            },
            labels=np.concatenate([self.labels, others.labels]),
            recording_labels=np.concatenate([self.recording_labels, others.recording_labels]),
            extra_labels={
                name: ExtraLabels(
                    extra.classes,
                    np.concatenate([extra.patients, others.extra_labels[name].patients]),
                    np.concatenate([extra.recordings, others.extra_labels[name].recordings]),
                )
                for name, extra in self.extra_labels.items()
            },
        )

    def labelled(self) -> Examples:
        """The patients that have a label."""
        known = self.labels != UNLABELLED
        return self if known.all() else self.take(self.patients["patient"].filter(pl.Series(known)).to_list())

    def _only(self, keep: np.ndarray, kept_recordings: np.ndarray) -> Examples:
        renumber = np.cumsum(keep) - 1
        return Examples(
            classes=self.classes,
            views=self.views,
            patients=self.patients.filter(pl.Series(keep)),
            recordings=self.recordings.filter(pl.Series(kept_recordings)),
            patient_of=renumber[self.patient_of[kept_recordings]],
            features={name: arrays.take(kept_recordings) for name, arrays in self.features.items()},
            labels=self.labels[keep],
            recording_labels=self.recording_labels[kept_recordings],
            extra_labels={
                name: ExtraLabels(extra.classes, extra.patients[keep], extra.recordings[kept_recordings])
                for name, extra in self.extra_labels.items()
            },
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
