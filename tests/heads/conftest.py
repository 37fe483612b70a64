"""Small seeded cohorts of tokens that heads can learn from."""

import dataclasses
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from heartfeat.extraction.pooling import pool
from heartfeat.heads.examples import Examples, FeatureArrays, consecutive_spans

CLASSES = ("Present", "Unknown", "Absent")
SITES = ("AV", "PV", "TV", "MV")
BEAT_STATISTICS = ("mean", "std", "p10", "p90")


def _set_attrs(name: str, dim: int, rate: float | None, views: tuple[str, ...]) -> dict[str, object]:
    family = "logmel" if name == "logmel" else "transformers"
    core = {"family": family}
    return {
        "name": name,
        "core": core,
        "core_key": f"key of {name}",
        "token_rate": rate,
        "dim": dim,
        "statistics": ["mean"],
        "views": views,
    }


@pytest.fixture
def token_examples() -> Callable[..., Examples]:
    """``token_examples(patients, {name: (dim, rate)}, views, seed)``: Present patients ring at some sites."""

    def make(
        patients: int = 12,
        sets: dict[str, tuple[int, float]] | None = None,
        views: tuple[str, ...] = ("clean",),
        seed: int = 0,
    ) -> Examples:
        generator = np.random.default_rng(seed)
        labels = np.arange(patients) % 3
        counts = generator.integers(1, 5, patients)
        patient_of = np.repeat(np.arange(patients), counts)
        recording_labels = np.where(generator.random(len(patient_of)) < 0.8, labels[patient_of], 2)
        recording_labels = np.where(labels[patient_of] == 0, recording_labels, labels[patient_of])
        sites = [SITES[i] for count in counts for i in range(count)]
        seconds = generator.uniform(2.0, 7.0, len(patient_of))
        features = {}
        for name, (dim, rate) in (sets or {"logmel": (32, 50.0)}).items():
            lengths = np.floor(seconds * rate).astype(np.int64)
            tokens = generator.normal(size=(len(views), lengths.sum(), dim))
            rows = np.repeat(recording_labels, lengths)
            tokens[:, rows == 0, : dim // 2] += 1.5
            tokens[:, rows == 1] *= 2.0
            starts = np.cumsum(lengths) - lengths
            pooled = np.add.reduceat(tokens, starts, axis=1) / lengths[:, None]
            attrs = _set_attrs(name, dim, rate, views)
            features[name] = FeatureArrays(
                tokens.astype(np.float16), consecutive_spans(lengths), pooled.astype(np.float32), attrs
            )
        return Examples(
            classes=CLASSES,
            views=views,
            patients=_patients(patients, generator),
            recordings=pl.DataFrame(
                {
                    "recording": [f"r{row}" for row in range(len(patient_of))],
                    "patient": [f"p{patient}" for patient in patient_of],
                    "site": sites,
                }
            ),
            patient_of=patient_of,
            features=features,
            labels=labels,
            recording_labels=recording_labels,
        )

    return make


def _patients(patients: int, generator: np.random.Generator) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "patient": [f"p{i}" for i in range(patients)],
            "person": [f"p{i}" for i in range(patients)],
            "age": [("Child", "Infant", None)[i % 3] for i in range(patients)],
            "sex": [("Female", "Male")[i % 2] for i in range(patients)],
            "height": [
                None if i % 4 == 0 else float(h) for i, h in enumerate(generator.normal(110, 20, patients))
            ],
            "weight": generator.normal(20, 5, patients),
            "pregnant": [False] * patients,
        }
    )


@pytest.fixture
def pooled_examples(token_examples: Callable[..., Examples]) -> Callable[..., Examples]:
    """As ``token_examples``, with pooled statistics in place of tokens, and quality figures."""

    def make(
        patients: int = 30, views: tuple[str, ...] = ("clean",), seed: int = 0, dim: int = 8
    ) -> Examples:
        examples = token_examples(patients, {"logmel": (dim, 10.0)}, views, seed)
        arrays = examples.features["logmel"]
        assert arrays.tokens is not None
        tokens = arrays.tokens
        pooled = np.array(
            [[pool(view[start:stop], 10.0) for start, stop in arrays.spans] for view in tokens], np.float32
        )
        snr = pl.Series("snr_db", [None, *np.linspace(-5, 20, len(arrays.spans) - 1)])
        return dataclasses.replace(
            examples,
            recordings=examples.recordings.with_columns(
                snr, snr.alias("s1_contrast_db").fill_null(0.0), clipping=pl.lit(0.01)
            ),
            features={"logmel": dataclasses.replace(arrays, tokens=None, pooled=pooled)},
        )

    return make


@pytest.fixture
def beats_examples(token_examples: Callable[..., Examples]) -> Callable[..., Examples]:
    """As ``token_examples``, with a set of heart beats: alone, or beside the ``sets`` that are asked for.

    The systole of recordings with a murmur is louder, on average and in every beat.
    """

    def make(
        patients: int = 12,
        sets: dict[str, tuple[int, float]] | None = None,
        views: tuple[str, ...] = ("clean",),
        seed: int = 0,
        cycle: tuple[int, int] = (8, 6),
        family: str = "beats",
    ) -> Examples:
        examples, (phases, bands) = token_examples(patients, sets, views, seed), cycle
        generator = np.random.default_rng(seed + 1)
        count = len(examples.patient_of)
        images = generator.normal(size=(len(views), count, len(BEAT_STATISTICS), phases, bands))
        images[:, examples.recording_labels == 0, :, 1 : phases // 2] += 1.5
        images[:, examples.recording_labels == 1] *= 2.0
        attrs = {
            **_set_attrs("beats", phases * bands, None, views),
            "core": {
                "family": family,
                "windows": "beats",
                "transform": {"phases": [1, 1, 1, phases - 3], "bands": bands},
            },
            "statistics": list(BEAT_STATISTICS),
        }
        pooled = images.reshape(len(views), count, -1).astype(np.float32)
        beats = FeatureArrays(None, consecutive_spans(np.full(count, 5)), pooled, attrs)
        return dataclasses.replace(examples, features={**(examples.features if sets else {}), "beats": beats})

    return make
