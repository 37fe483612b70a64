"""The quality of a patient's recordings, beside the patient's metadata."""

import polars as pl

from heartfeat.heads.examples import Examples
from heartfeat.signals.quality import QUALITY


def patients_with_quality(examples: Examples) -> pl.DataFrame:
    """The patients table with the mean over each patient's recordings of every quality figure that is there.

    A patient is Unknown to an annotator when the recordings are too poor to judge, which the sounds alone tell less
    plainly than these figures do.
    """
    figures = [name for name in QUALITY if name in examples.recordings.columns]
    means = examples.recordings.group_by("patient").agg(pl.col(figures).mean())
    return examples.patients.join(means, on="patient", how="left", maintain_order="left")
