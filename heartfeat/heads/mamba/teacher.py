"""What a network is to say of its training recordings: their labels and, in part, what trees would say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from heartfeat.heads.examples import Examples
from heartfeat.heads.lgbm import TreeModel
from heartfeat.heads.neural.bags import labels_of_recordings, one_hot
from heartfeat.heads.person_folds import person_folds
from heartfeat.heads.settings import LgbmSettings, MambaFormerSettings
from heartfeat.heads.tabular.cross_fit import predict_unseen
from heartfeat.heads.tabular.encoder import TabularEncoder
from heartfeat.heads.tabular.training_table import training_table

_FOLDS = 5


def recording_targets(examples: Examples, settings: MambaFormerSettings, seed: int) -> np.ndarray:
    """What is wanted of every recording, ``(recordings, classes)`` float32; rows of zeros where nothing is known.

    A label is certain even where what is heard is not. A share `teacher` of it gives way to what trees that never met
    the person say of the recording (Hinton et al., "Distilling the knowledge in a neural network", 2015): how sure one
    can be of it, and what else it could be, so that a network need not learn doubtful labels by heart. Where
    recordings have no loss, nobody is taught.
    """
    labels = one_hot(labels_of_recordings(examples), len(examples.classes))
    if not settings.teacher or not (settings.recording_weight or settings.contrastive):
        return labels
    said, share = _said_by_trees(examples, settings, seed), np.float32(settings.teacher)
    both = labels.any(axis=1, keepdims=True) & said.any(axis=1, keepdims=True)
    return np.where(both, (1 - share) * labels + share * said, labels)


def _said_by_trees(examples: Examples, settings: MambaFormerSettings, seed: int) -> np.ndarray:
    """Probabilities ``(recordings, classes)`` float32 of trees without the person; zeros where there are none."""
    known = _clean(examples).labelled()
    said = np.zeros((len(examples.patient_of), len(examples.classes)), dtype=np.float32)
    if known.patients["person"].n_unique() < 2:
        return said
    encoder = TabularEncoder.fit(known, metadata=settings.metadata, quality=settings.quality)
    table = training_table(encoder, known)
    fold = person_folds(table.persons, table.patient_labels, _FOLDS, seed)
    trees = LgbmSettings(seed=seed)

    def fit(keep: np.ndarray) -> TreeModel:
        return TreeModel.fit(table.rows[0, keep], table.labels[keep], len(examples.classes), trees)

    with threadpool_limits(1):
        unseen = predict_unseen(fit, table.rows, fold[table.patient_of])[0]
    of_known = examples.patients["patient"].is_in(known.patients["patient"].to_list()).to_numpy()
    said[of_known[examples.patient_of]] = unseen
    return said


def _clean(examples: Examples) -> Examples:
    """The first view of everything, without tokens."""
    features = {
        name: replace(arrays, tokens=None, pooled=arrays.pooled[:1])
        for name, arrays in examples.features.items()
    }
    return replace(examples, views=examples.views[:1], features=features)
