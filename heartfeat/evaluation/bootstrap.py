"""Confidence intervals by resampling persons."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from heartfeat.evaluation.scores import weighted_scores
from heartfeat.tasks import Task

RESAMPLES = 2000
_CELLS_AT_ONCE = 1_000_000


class Interval(NamedTuple):
    """Lower and upper end; both NaN where a score is undefined."""

    low: float
    high: float


def bootstrap_intervals(
    task: Task,
    labels: np.ndarray,
    probabilities: np.ndarray,
    decisions: np.ndarray,
    persons: Sequence[str],
    outcome: np.ndarray | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval]:
    """95 % percentile intervals of every score, persons (not patients) drawn with replacement.

    Parameters
    ----------
    task, labels, probabilities, decisions, outcome
        As in :func:`heartfeat.evaluation.scores.score`.
    persons
        ``(P,)`` person ids: all patients of a person are drawn together, since they are not independent.
    resamples
        Number of resamples.
    seed
        Same seed and persons, same resamples: what paired comparisons rest on.

    Returns
    -------
    intervals
        By score name. A resample in which a score is undefined does not count for that score.

    Raises
    ------
    ValueError
        As :func:`~heartfeat.evaluation.scores.score`, or when the numbers of persons and labels differ.
    """
    draws = resampled_scores(
        task, labels, probabilities, decisions, persons, outcome, resamples=resamples, seed=seed
    )
    return {name: percentile_interval(values) for name, values in draws.items()}


def resampled_scores(
    task: Task,
    labels: np.ndarray,
    probabilities: np.ndarray,
    decisions: np.ndarray,
    persons: Sequence[str],
    outcome: np.ndarray | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Every score in every resample; arguments and errors as in :func:`bootstrap_intervals`.

    Returns
    -------
    draws
        By score name ``(resamples,)`` float64, NaN in resamples where the score is undefined.
    """
    if len(persons) != len(labels):
        raise ValueError(f"got {len(persons)} persons for {len(labels)} labels; give one person per patient")
    labelled = np.flatnonzero(np.asarray(labels) >= 0)
    drawn = [np.asarray(values)[labelled] for values in (labels, probabilities, decisions)]
    outcome = None if outcome is None else np.asarray(outcome)[labelled]
    blocks = [
        weighted_scores(task, drawn[0], drawn[1], drawn[2], weights, outcome)
        for weights in person_weights([persons[i] for i in labelled.tolist()], resamples, seed)
    ]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def percentile_interval(values: np.ndarray) -> Interval:
    """The percentiles that 95 % of the resampled values lie between; NaN values do not count."""
    values = values[~np.isnan(values)]
    if not len(values):
        return Interval(float("nan"), float("nan"))
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(float(low), float(high))


def person_weights(persons: Sequence[str], resamples: int = RESAMPLES, seed: int = 0) -> Iterator[np.ndarray]:
    """How often each patient counts in each resample, in blocks of resamples.

    Parameters
    ----------
    persons
        ``(P,)`` person ids.
    resamples
        Total number of resamples over all blocks.
    seed
        Seed of the draws.

    Yields
    ------
    weights
        ``(block, P)`` float64 counts; the blocks bound memory and do not change the draws.
    """
    unique, member = np.unique(np.asarray(persons, dtype=str), return_inverse=True)
    generator = np.random.default_rng(seed)
    shares = np.full(len(unique), 1 / len(unique))
    block = max(1, _CELLS_AT_ONCE // len(member))
    for start in range(0, resamples, block):
        counts = generator.multinomial(len(unique), shares, size=min(block, resamples - start))
        yield counts[:, member].astype(float)
