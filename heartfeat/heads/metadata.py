"""What is known of a patient besides the sounds, as numbers; missing values explicit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

CATEGORIES = ("age", "sex", "pregnant")
NUMBERS = ("height", "weight")
METADATA = (*CATEGORIES, *NUMBERS)
"""Columns of a patients table that heads may look at: age band, sex, pregnancy, height (cm), weight (kg)."""

_LIMIT = 3.0


@dataclass(frozen=True)
class MetadataEncoder:
    """One-hot categories and standardised numbers, each with a flag for "not known".

    Attributes
    ----------
    categories
        Known values per categorical column, as texts.
    means, deviations
        Of the numerical columns over the training patients.
    """

    categories: dict[str, tuple[str, ...]]
    means: dict[str, float]
    deviations: dict[str, float]

    @classmethod
    def fit(
        cls,
        patients: pl.DataFrame,
        categories: Sequence[str] = CATEGORIES,
        numbers: Sequence[str] = NUMBERS,
    ) -> MetadataEncoder:
        """Learn categories, means and deviations; a column that is not there counts as never known."""
        values_of = {
            column: tuple(sorted(_texts(patients, column).drop_nulls().unique().to_list()))
            for column in categories
        }
        known = {column: numbers_in(patients, column) for column in numbers}
        known = {column: values[np.isfinite(values)] for column, values in known.items()}
        means = {column: float(values.mean()) if len(values) else 0.0 for column, values in known.items()}
        deviations = {column: _deviation(values) for column, values in known.items() if len(values)}
        return cls(values_of, means, {column: deviations.get(column, 1.0) for column in numbers})

    @property
    def dim(self) -> int:
        """Numbers per patient."""
        return sum(len(values) + 1 for values in self.categories.values()) + 2 * len(self.means)

    def __call__(self, patients: pl.DataFrame) -> np.ndarray:
        """``(patients, dim)`` float32; a value that was not seen in training counts as not known."""
        columns: list[np.ndarray] = []
        for column, values in self.categories.items():
            texts = _texts(patients, column)
            flags = [(texts == value).fill_null(False).to_numpy() for value in values]
            columns += [*flags, ~np.any(flags, axis=0) if flags else np.ones(len(texts), bool)]
        for column in self.means:
            numbers = numbers_in(patients, column)
            known = np.isfinite(numbers)
            scaled = (np.where(known, numbers, 0.0) - self.means[column]) / self.deviations[column]
            columns += [np.where(known, np.clip(scaled, -_LIMIT, _LIMIT), 0.0), ~known]
        return np.stack(columns, axis=1).astype(np.float32)

    def as_json(self) -> dict[str, Any]:
        """JSON-able fields."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> MetadataEncoder:
        """The encoder that `as_json` described."""
        categories = {column: tuple(values) for column, values in fields["categories"].items()}
        return cls(categories, dict(fields["means"]), dict(fields["deviations"]))


def _deviation(values: np.ndarray) -> float:
    """Standard deviation; 1 where the values differ by rounding alone."""
    deviation = float(values.std())
    return deviation if deviation > 1e-9 * float(np.abs(values).max()) else 1.0


def _texts(patients: pl.DataFrame, column: str) -> pl.Series:
    if column not in patients.columns:
        return pl.Series(column, [None] * len(patients), dtype=pl.String)
    return patients[column].cast(pl.String)


def numbers_in(table: pl.DataFrame, column: str) -> np.ndarray:
    """``(rows,)`` float64, NaN where nothing is known: everywhere, where there is no such column."""
    if column not in table.columns:
        return np.full(len(table), np.nan)
    return table[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
