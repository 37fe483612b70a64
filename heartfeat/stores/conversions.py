"""What was read, as other libraries like it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from heartfeat.stores.index import Index
from heartfeat.stores.places import Places

if TYPE_CHECKING:
    import torch


def as_torch(arrays: Mapping[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """Tensors of the arrays' names, shapes and types, in their memory."""
    import torch

    return {name: torch.from_numpy(values) for name, values in arrays.items()}


def pooled_columns(pooled: np.ndarray, statistics: Sequence[str]) -> pl.DataFrame:
    """Pooled tokens as columns ``<statistic>_<d>``.

    Parameters
    ----------
    pooled
        ``(recordings, D x statistics)`` float32: all D of the first statistic, then of the next.
    statistics
        Names of the statistics.
    """
    dim = pooled.shape[1] // len(statistics)
    names = [f"{statistic}_{d}" for statistic in statistics for d in range(dim)]
    return pl.DataFrame(pooled, schema=names, orient="row")


def recording_table(
    index: Index, places: Places, recording_columns: Sequence[str], patient_columns: Sequence[str]
) -> pl.DataFrame:
    """``recording``, ``patient`` and ``site`` of chosen recordings, and more columns of both tables."""
    wanted = dict.fromkeys(("recording", "patient", "site", *recording_columns))
    columns = [index.column("recordings", name).gather(places.recordings) for name in wanted]
    owners = np.repeat(places.patients, np.diff(places.offsets))
    for name in dict.fromkeys(patient_columns):
        own = index.column("patients", name).gather(owners)
        columns.append(own.alias(f"{name}_of_patient") if name in wanted else own)
    return pl.DataFrame(columns)
