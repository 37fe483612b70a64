"""How clearly a patient's heart sounds are heard, beside the patient's metadata and for a combiner."""

from __future__ import annotations

import numpy as np
import polars as pl

from heartfeat.heads.examples import Examples
from heartfeat.heads.metadata import MetadataEncoder
from heartfeat.signals.quality import CONTRASTS


def patients_with_contrasts(examples: Examples) -> pl.DataFrame:
    """The patients table with both contrasts of heart sounds, each the highest of a patient's recordings, where known.

    A patient is Unknown to an annotator when no recording is good enough to judge, so it is the best one that counts.
    Of all quality figures these two tell Unknown from Absent; the others beside them made it worse on CirCor.
    """
    there = [name for name in CONTRASTS if name in examples.recordings.columns]
    best = examples.recordings.group_by("patient").agg(pl.col(there).max())
    return examples.patients.join(best, on="patient", how="left", maintain_order="left")


def learn_contrasts(examples: Examples) -> MetadataEncoder:
    """An encoder of both contrasts, standardised over these patients."""
    return MetadataEncoder.fit(patients_with_contrasts(examples), (), CONTRASTS)


def encode_patients(encoder: MetadataEncoder | None, examples: Examples) -> np.ndarray:
    """``(patients, columns)`` float32 of metadata, contrasts or both; no columns without an encoder."""
    if encoder is None:
        return np.zeros((len(examples.patients), 0), dtype=np.float32)
    return encoder(patients_with_contrasts(examples))
