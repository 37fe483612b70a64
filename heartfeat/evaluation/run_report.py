"""What tables and reports say of one run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl


@dataclass(frozen=True)
class RunReport:
    """One run, judged.

    Attributes
    ----------
    name
        Name of the run.
    head
        Kind of head.
    features
        Names of the feature sets that it was fitted on.
    predictions
        Prediction table, see :mod:`heartfeat.evaluation.predictions`; a column ``outcome``, where it is known,
        gives paired comparisons the cost of a murmur head.
    scores
        Scores by name, see :func:`heartfeat.evaluation.scores.score`.
    intervals
        Lower and upper end of the 95 % interval by score name.
    confusion
        ``(C, C)`` counts, rows the true classes.
    settings
        Settings and provenance to be shown: nested mappings, lists, numbers and texts.
    seconds
        Time spent on fitting (s), all folds together.
    groups
        Scores per group of patients, see :mod:`heartfeat.evaluation.groups`; None where the run was not
        evaluated by group.
    variants
        Scores with and without views and calibration, by what was done, see
        :meth:`heartfeat.evaluation.results.Results.variants`.
    rules
        Main scores by rule of decision, see :mod:`heartfeat.evaluation.rules`.
    remarks
        What readers must know before they believe the scores.
    """

    name: str
    head: str
    features: tuple[str, ...]
    predictions: pl.DataFrame
    scores: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    confusion: np.ndarray
    settings: Mapping[str, Any]
    seconds: float
    groups: pl.DataFrame | None = None
    variants: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    rules: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
