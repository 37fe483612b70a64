"""Predictions of one task as predictions of another, on patients of another cohort."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from heartfeat.evaluation.four_ways import PREFIXES, FourWays
from heartfeat.evaluation.label_map import map_probabilities
from heartfeat.evaluation.results import table_of
from heartfeat.tasks import Task


def judged_by(
    source: Task, target: Task, label_map: Mapping[str, str], training_labels: Sequence[str | None]
) -> Task:
    """``target``, deciding by the class shares that the run's heads were fitted on where it is balanced.

    Parameters
    ----------
    training_labels
        Classes of ``source``, one per patient of the run's own cohort.
    """
    known = [label for label in training_labels if label is not None]
    if not known:
        return target
    counts = np.array([[known.count(name) for name in source.classes]])
    shares = map_probabilities(label_map, source, target, counts / len(known))[0]
    return target.worth_by_shares(shares.tolist())


def mapped_predictions(
    source: Task, target: Task, label_map: Mapping[str, str], said: pl.DataFrame
) -> pl.DataFrame:
    """A prediction table without labels for ``target``.

    Parameters
    ----------
    said
        Predictions of ``source`` for patients of the other cohort, as ``heartfeat predict`` gives them; patients
        without a decision are left out. The spreads stay those of the run's own classes.
    """
    said = said.drop_nulls("decision")
    ways = FourWays.from_table(said, source)
    mapped = FourWays(
        **{field: map_probabilities(label_map, source, target, getattr(ways, field)) for field in PREFIXES}
    )
    spreads = (said[name].to_numpy() for name in ("view_spread", "fold_spread"))
    table = table_of(target, said["patient"].to_list(), said["person"].to_list(), -1, mapped, *spreads)
    return table.with_columns(said["heads"], said["seen"])


def hide_unreachable(
    target: Task, label_map: Mapping[str, str], predictions: pl.DataFrame
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Take the labels from patients of a class that nothing is mapped to: no head could be right about them.

    Returns
    -------
    predictions
        The table with those labels null.
    hidden
        How many patients of each such class there are.
    """
    unreachable = [name for name in target.classes if name not in label_map.values()]
    labels = predictions["label"]
    hidden = {name: int((labels == name).sum()) for name in unreachable if (labels == name).any()}
    kept = pl.when(pl.col("label").is_in(unreachable)).then(None).otherwise(pl.col("label"))
    return predictions.with_columns(label=kept), hidden
