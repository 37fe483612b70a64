"""Probabilities with and without views, with and without calibration: what each is worth is shown, not assumed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from heartfeat.evaluation.predictions import PREFIX
from heartfeat.evaluation.run_calibration import FoldCalibration
from heartfeat.evaluation.views import average_views
from heartfeat.tasks import Task

PREFIXES = {"calibrated": PREFIX, "raw": "raw_", "clean": "clean_", "clean_raw": "clean_raw_"}
"""Columns of a prediction table, by field of :class:`FourWays`: the prefix before the name of a class."""


@dataclass(frozen=True)
class FourWays:
    """What a head says of P patients, each field ``(P, C)`` float64.

    Attributes
    ----------
    calibrated
        Mean over views, calibrated: what a run decides on.
    raw
        Mean over views as the head gives it.
    clean, clean_raw
        The clean view alone, calibrated (by a calibrator of its own) and as the head gives it.
    """

    calibrated: np.ndarray
    raw: np.ndarray
    clean: np.ndarray
    clean_raw: np.ndarray

    @classmethod
    def of(cls, probabilities: np.ndarray, views: Sequence[str], calibration: FoldCalibration) -> Self:
        """From ``(views, P, C)`` and the views' names, the clean one first."""
        raw, clean_raw = average_views(probabilities, views)[0], probabilities[0]
        return cls(calibration.mean_view.apply(raw), raw, calibration.clean_view.apply(clean_raw), clean_raw)

    @classmethod
    def mean(cls, parts: Sequence[Self], weights: np.ndarray) -> Self:
        """Weighted mean over heads; ``weights`` is ``(heads, P)`` and sums to 1 over heads."""
        return cls(
            **{
                field: np.einsum("hp,hpc->pc", weights, np.stack([getattr(part, field) for part in parts]))
                for field in PREFIXES
            }
        )

    def columns(self, task: Task) -> list[pl.Series]:
        """Columns of a prediction table, named ``<prefix><class>``."""
        return [
            pl.Series(f"{prefix}{name}", getattr(self, field)[:, code], dtype=pl.Float64)
            for field, prefix in PREFIXES.items()
            for code, name in enumerate(task.classes)
        ]

    @classmethod
    def from_table(cls, table: pl.DataFrame, task: Task) -> Self:
        """From a prediction table; one from before there was calibration holds the same with and without it."""
        there = {
            field: prefix
            for field, prefix in PREFIXES.items()
            if f"{prefix}{task.classes[0]}" in table.columns
        }
        older = {"raw": PREFIXES["calibrated"], "clean_raw": PREFIXES["clean"]}
        return cls(
            **{
                field: table.select(f"{prefix}{name}" for name in task.classes).to_numpy()
                for field, prefix in (older | there).items()
            }
        )
