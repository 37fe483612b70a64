"""Is one run better than another? Paired bootstrap differences of scores on the patients of both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from heartfeat.evaluation.bootstrap import RESAMPLES, percentile_interval, resampled_scores
from heartfeat.evaluation.predictions import prediction_arrays
from heartfeat.evaluation.scores import score
from heartfeat.tasks import OUTCOME, Task, encode_labels


class Difference(NamedTuple):
    """A score of one run less that of another, its 95 % interval and p-value; NaN where undefined."""

    value: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Paired:
    """Differences by score name, on as many patients as both runs predicted."""

    patients: int
    differences: Mapping[str, Difference]


def paired_differences(
    task: Task, run: pl.DataFrame, against: pl.DataFrame, *, resamples: int = RESAMPLES, seed: int = 0
) -> Paired:
    """Score both runs on the patients that both predicted, in the same resamples of persons.

    Parameters
    ----------
    run, against
        Prediction tables. A patient is shared when both have it with the same person and the same label;
        patients without a label take no part. The murmur cost is compared where both have ``outcome``.
    resamples, seed
        As in :func:`heartfeat.evaluation.bootstrap.bootstrap_intervals`.

    Returns
    -------
    paired
        Score of ``run`` less score of ``against``, percentile interval, and :func:`p_value`.

    Raises
    ------
    RunError
        When a table is of another task.
    """
    keys = ["patient", "person", "label"]
    shared = run.select(keys).drop_nulls().join(against.select(keys), on=keys, how="semi").sort("patient")
    if not shared.height:
        return Paired(0, {})
    values, draws = [], []
    for table in (run, against):
        aligned = shared.join(table, on=keys, how="left", maintain_order="left")
        arrays = prediction_arrays(aligned, task)
        outcome = encode_labels(OUTCOME, aligned["outcome"]) if "outcome" in aligned.columns else None
        judged = arrays.labels, arrays.probabilities, arrays.decisions
        values.append(score(task, *judged, outcome))
        draws.append(resampled_scores(task, *judged, arrays.persons, outcome, resamples=resamples, seed=seed))
    return Paired(
        shared.height,
        {
            name: _difference(values[0][name] - values[1][name], draws[0][name] - draws[1][name])
            for name in values[0]
            if name in values[1]
        },
    )


def p_value(differences: np.ndarray) -> float:
    """Two-sided bootstrap p-value of "there is no difference".

    Twice the smaller share of resamples whose difference is at most 0 or at least 0, with one added to count
    and total, and at most 1: ``min(1, 2 (1 + min(#{d <= 0}, #{d >= 0})) / (B + 1))``. It is the level at which
    the percentile interval would just touch 0 (Efron & Tibshirani 1993, An Introduction to the Bootstrap,
    section 15.4); the added one keeps it above 0 (Davison & Hinkley 1997, Bootstrap Methods and their
    Application, section 4.2).

    Parameters
    ----------
    differences
        ``(B,)`` differences in the resamples; NaN does not count.

    Returns
    -------
    p
        NaN when no resample has a value.
    """
    there = differences[~np.isnan(differences)]
    if not len(there):
        return float("nan")
    rarer = min(int((there <= 0).sum()), int((there >= 0).sum()))
    return min(1.0, 2 * (1 + rarer) / (len(there) + 1))


def _difference(value: float, draws: np.ndarray) -> Difference:
    if np.isnan(value):
        return Difference(*[float("nan")] * 4)
    return Difference(value, *percentile_interval(draws), p_value(draws))
