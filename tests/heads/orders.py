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
        spans = [np.arange(arrays.offsets[row], arrays.offsets[row + 1]) for row in order]
        features[name] = FeatureArrays(
            tokens=None if arrays.tokens is None else arrays.tokens[:, np.concatenate(spans)],
            offsets=np.concatenate([[0], np.cumsum([len(span) for span in spans])]),
            pooled=arrays.pooled[:, order],
            attrs=arrays.attrs,
        )
    moved = dataclasses.replace(examples, recordings=examples.recordings[order], features=features)
    return moved, order
