"""From a store to what heads see: usable recordings, cached features, metadata and labels, all in RAM."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from heartfeat.errors import StoreError
from heartfeat.heads.examples import Examples, FeatureArrays, consecutive_spans
from heartfeat.heads.metadata import METADATA
from heartfeat.signals.quality import QUALITY
from heartfeat.stores.store import Store
from heartfeat.tasks.labels import labels_in
from heartfeat.tasks.task import Task
from heartfeat.training.extra_labels import extra_labels


def load_examples(
    store: Store, features: Sequence[str], views: Sequence[str], task: Task, tokens: bool
) -> Examples:
    """The usable recordings of a store, and the patients that have any.

    A recording is usable when each of ``features`` is there under each of ``views``. Patients without
    a usable recording are left out; `left_out` names them.

    Parameters
    ----------
    store
        An open store.
    features
        Names of feature sets.
    views
        Names of views, ``"clean"`` first.
    task
        Says where the labels are; where a store has none, examples are unlabelled.
    tokens
        Whether to read tokens besides pooled tokens.

    Raises
    ------
    StoreError
        When a feature set or view is not in the store, or no recording is usable.
    """
    keep = usable(store, features, views)
    owners = np.repeat(np.arange(len(store.patients)), np.diff(store.patient_offsets))[keep]
    kept_patients, patient_of = np.unique(owners, return_inverse=True)
    recordings = store.recordings.filter(pl.Series(keep))
    patients = store.patients[kept_patients]
    return Examples(
        classes=task.classes,
        views=tuple(views),
        patients=_columns(patients, ("patient", "person", *METADATA)),
        recordings=_columns(recordings, ("recording", "patient", "site", *QUALITY)),
        patient_of=patient_of.astype(np.int64),
        features={name: _arrays(store, name, views, keep, tokens) for name in features},
        labels=labels_in(task, patients, task.patient_label),
        recording_labels=labels_in(task, recordings, task.recording_label),
        extra_labels=extra_labels(patients, recordings, patient_of),
    )


def left_out(store: Store, examples: Examples) -> list[str]:
    """Patients of ``store`` that have no usable recording, in stored order."""
    there = store.patients["patient"]
    return there.filter(~there.is_in(examples.patients["patient"].to_list())).to_list()


def usable(store: Store, features: Sequence[str], views: Sequence[str]) -> np.ndarray:
    """``(recordings,)`` bool: each of ``features`` is there under each of ``views``.

    Raises
    ------
    StoreError
        When a feature set or view is not in the store, or no recording is usable.
    """
    keep = np.ones(len(store.recordings), dtype=bool)
    for name in features:
        feature_set = store.features(name)
        missing = [view for view in views if view not in feature_set.views]
        if missing:
            raise StoreError(
                f"the feature set {name!r} of {store.uri} lacks the view {missing[0]!r} (it has "
                f"{', '.join(feature_set.views)}); extract with --views {','.join(views)}"
            )
        rows = [feature_set.views.index(view) for view in views]
        keep &= feature_set.done[rows].all(axis=0) & (np.diff(feature_set.offsets) > 0)
    if not keep.any():
        raise StoreError(
            f"no recording of {store.uri} has {', '.join(features)} under {', '.join(views)}; run extract"
        )
    return keep


def _arrays(store: Store, name: str, views: Sequence[str], keep: np.ndarray, tokens: bool) -> FeatureArrays:
    feature_set = store.features(name)
    numbers, places = feature_set.view_numbers(views), np.flatnonzero(keep)
    return FeatureArrays(
        # Beats are seen through their statistics.
        tokens=feature_set.read_tokens(numbers, places)[0] if tokens and feature_set.token_rate else None,
        spans=consecutive_spans(np.diff(feature_set.offsets)[keep]),
        pooled=feature_set.read_pooled(numbers, places),
        attrs=feature_set.attrs,
    )


def _columns(table: pl.DataFrame, wanted: Sequence[str]) -> pl.DataFrame:
    return table.select([column for column in wanted if column in table.columns])
