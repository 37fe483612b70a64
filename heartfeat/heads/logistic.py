"""The `logistic` head: multinomial logistic regression on pooled features."""

from __future__ import annotations

from typing import cast

import numpy as np

from heartfeat.heads.head import HeadState
from heartfeat.heads.linear_model import LinearModel
from heartfeat.heads.settings import LogisticSettings
from heartfeat.heads.tabular.base import TabularHead


class Logistic(TabularHead):
    """Head over pooled features, metadata, site and quality figures.

    Parameters
    ----------
    settings
        Penalty, inner folds and which columns are used.
    """

    settings_class = LogisticSettings
    settings: LogisticSettings

    def _fit_rows(self, rows: np.ndarray, labels: np.ndarray) -> LinearModel:
        return LinearModel.fit(rows, labels, len(self._classes), self.settings.penalty)

    def _model_state(self, level: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        return cast(LinearModel, self._models[level]).arrays(f"{level}."), {}

    def _load_model(self, level: str, state: HeadState) -> LinearModel:
        return LinearModel.from_arrays(state.arrays, f"{level}.")
