"""The quality of a patient's recordings, beside the patient's metadata."""

import polars as pl

from heartfeat.heads.examples import Examples
from heartfeat.signals.quality import CONTRASTS


def patients_with_quality(examples: Examples) -> pl.DataFrame:
    """The patients table with both contrasts of heart sounds, each the highest of a patient's recordings, where known.

    A patient is Unknown to an annotator when no recording is good enough to judge, so it is the best one that counts.
    Of all quality figures these two tell Unknown from Absent; the others beside them made it worse on CirCor.
    """
    there = [name for name in CONTRASTS if name in examples.recordings.columns]
    best = examples.recordings.group_by("patient").agg(pl.col(there).max())
    return examples.patients.join(best, on="patient", how="left", maintain_order="left")
