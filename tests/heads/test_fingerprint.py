import dataclasses

import numpy as np
import polars as pl

from heartfeat.heads.fingerprint import fingerprint


def test_the_same_examples_have_the_same_fingerprint(pooled_examples):
    assert fingerprint(pooled_examples(6)) == fingerprint(pooled_examples(6))


def test_other_labels_patients_sites_views_and_features_have_another(pooled_examples):
    examples = pooled_examples(6)
    arrays = examples.features["logmel"]
    others = [
        examples.take(["p0", "p1"]),
        examples.without_labels(),
        dataclasses.replace(examples, labels=np.roll(examples.labels, 1)),
        dataclasses.replace(examples, recordings=examples.recordings.with_columns(site=pl.lit("AV"))),
        dataclasses.replace(examples, views=("gain-6",)),
        dataclasses.replace(
            examples,
            features={"logmel": dataclasses.replace(arrays, attrs={**arrays.attrs, "core_key": "other"})},
        ),
    ]
    assert len({fingerprint(examples), *map(fingerprint, others)}) == 1 + len(others)
