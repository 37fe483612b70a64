"""How well a patient's recordings can be judged, beside the patient's metadata and for a combiner."""

from __future__ import annotations

import numpy as np
import polars as pl

from heartfeat.heads.examples import Examples
from heartfeat.heads.metadata import MetadataEncoder
from heartfeat.signals.quality import CONTRASTS

_FIGURES = ("silence", "periodicity", *CONTRASTS)
"""How much is silent, how regular the beat is, and how clearly its sounds stand out.

They compare a recording with itself, so that another device or sample rate does not change them as it does the
signal-to-noise ratio, which adds nothing to them on CirCor.
"""

_OVER_RECORDINGS = {"max": pl.Expr.max, "mean": pl.Expr.mean, "min": pl.Expr.min}

PATIENT_QUALITY = tuple(f"{name}_{how}" for name in _FIGURES for how in _OVER_RECORDINGS)
"""Columns that `patients_with_quality` adds."""


def patients_with_quality(examples: Examples) -> pl.DataFrame:
    """The patients table with the highest, mean and lowest of four quality figures over a patient's recordings.

    A patient is Unknown to an annotator when too little can be heard: the best recording may do where the others are
    poor, and may not where all are.
    """
    there = [name for name in _FIGURES if name in examples.recordings.columns]
    figures = [
        take(pl.col(name)).alias(f"{name}_{how}") for name in there for how, take in _OVER_RECORDINGS.items()
    ]
    of_patients = examples.recordings.group_by("patient").agg(figures)
    return examples.patients.join(of_patients, on="patient", how="left", maintain_order="left")


def learn_quality(examples: Examples) -> MetadataEncoder:
    """An encoder of these figures, standardised over these patients."""
    return MetadataEncoder.fit(patients_with_quality(examples), (), PATIENT_QUALITY)


def encode_patients(encoder: MetadataEncoder | None, examples: Examples) -> np.ndarray:
    """``(patients, columns)`` float32 of metadata, quality or both; no columns without an encoder."""
    if encoder is None:
        return np.zeros((len(examples.patients), 0), dtype=np.float32)
    return encoder(patients_with_quality(examples))
