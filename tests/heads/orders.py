"""The same patients in another order."""

import dataclasses

import numpy as np

from heartfeat.heads.examples import Examples, FeatureArrays


def shuffled(examples: Examples, seed: int = 0) -> tuple[Examples, np.ndarray]:
    """The same patients with their recordings in another order, and that order."""
    generator = np.random.default_rng(seed)
    rows = np.arange(len(examples.patient_of))
    order = np.concatenate(
        [
            generator.permutation(rows[examples.patient_of == patient])
            for patient in range(len(examples.patients))
        ]
    )
    features = {}
    for name, arrays in examples.features.items():
        features[name] = FeatureArrays(
            arrays.tokens, arrays.spans[order], arrays.pooled[:, order], arrays.attrs
        )
    moved = dataclasses.replace(examples, recordings=examples.recordings[order], features=features)
    return moved, order
