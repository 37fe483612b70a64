"""Multinomial logistic regression as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

_NEVER = -30.0
"""Bias of a class without training rows: its probability is about 1e-13."""


@dataclass(frozen=True)
class LinearModel:
    """Softmax of linear scores.

    Attributes
    ----------
    weights
        ``(classes, columns)`` float64.
    bias
        ``(classes,)`` float64.
    """

    weights: np.ndarray
    bias: np.ndarray

    @classmethod
    def fit(cls, rows: np.ndarray, labels: np.ndarray, classes: int, penalty: float) -> Self:
        """Fit by L-BFGS with an L2 penalty on the weights of standardised columns.

        Parameters
        ----------
        rows
            ``(n, columns)``; may be none.
        labels
            ``(n,)`` class codes. A class that does not occur is given next to no probability.
        classes
            Number of classes.
        penalty
            Weight of half the squared weights against the mean loss per row: larger is smoother.
        """
        from sklearn.linear_model import LogisticRegression

        present = np.unique(labels)
        weights, bias = np.zeros((classes, rows.shape[1])), np.full(classes, _NEVER)
        bias[present] = 0.0
        if len(present) > 1:
            mean, scale = rows.mean(axis=0, dtype=np.float64), rows.std(axis=0, dtype=np.float64)
            scale = np.where(scale > 1e-9 * np.maximum(1.0, np.abs(mean)), scale, np.inf)
            standardised = ((rows - mean) / scale).astype(np.float32)
            solver = LogisticRegression(C=1 / (penalty * len(rows)), max_iter=500, tol=1e-3)
            fitted = solver.fit(standardised, labels)
            # Two classes come as one row of scores, for the second class against the first.
            codes = present if len(present) > 2 else present[1:]
            weights[codes], bias[codes] = fitted.coef_ / scale, fitted.intercept_
            bias -= weights @ mean
        return cls(weights, bias)

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Probabilities ``(n, classes)`` float64, rows sum to 1."""
        scores = rows @ self.weights.T + self.bias
        scores -= scores.max(axis=1, keepdims=True)
        odds = np.exp(scores)
        return odds / odds.sum(axis=1, keepdims=True)

    def arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """The fields by name, each behind ``prefix``."""
        return {f"{prefix}weights": self.weights, f"{prefix}bias": self.bias}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], prefix: str) -> Self:
        """The model that `arrays` described."""
        return cls(np.asarray(arrays[f"{prefix}weights"]), np.asarray(arrays[f"{prefix}bias"]))
