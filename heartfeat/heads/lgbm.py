"""The `lgbm` head: gradient-boosted trees on pooled features."""

from __future__ import annotations

from typing import Self, cast

import lightgbm
import numpy as np

from heartfeat.heads.head import HeadState
from heartfeat.heads.settings import LgbmSettings
from heartfeat.heads.tabular.base import TabularHead


class TreeModel:
    """A LightGBM booster over all classes of a task."""

    def __init__(self, booster: lightgbm.Booster) -> None:
        self._booster = booster

    @classmethod
    def fit(cls, rows: np.ndarray, labels: np.ndarray, classes: int, settings: LgbmSettings) -> Self:
        """Fit on ``(n, columns)`` rows; columns and rows are sampled anew for every tree."""
        parameters = {
            "objective": "multiclass",
            "num_class": classes,
            "learning_rate": settings.learning_rate,
            "num_leaves": settings.leaves,
            "min_data_in_leaf": min(settings.leaf_recordings, max(1, len(rows) // 4)),
            "feature_fraction": settings.column_share,
            # A tree needs a row to look at.
            "bagging_fraction": max(settings.row_share, 1 / len(rows)),
            "bagging_freq": 1,
            "lambda_l2": 1.0,
            "max_bin": 63,
            "bin_construct_sample_cnt": 1000,
            "seed": settings.seed,
            # One thread and a fixed layout: the same trees everywhere, and on tables this small the fastest.
            "num_threads": 1,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }
        data = lightgbm.Dataset(rows, labels, free_raw_data=True)
        # Kept as trained: by default the trees would be written to text and read again.
        booster = lightgbm.train(parameters, data, settings.trees, keep_training_booster=True)
        return cls(booster.free_dataset())

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Probabilities ``(n, classes)`` float64, rows sum to 1."""
        return np.asarray(self._booster.predict(rows)).reshape(
            len(rows), self._booster.num_model_per_iteration()
        )

    def text(self) -> str:
        """The trees in LightGBM's own format."""
        return self._booster.model_to_string()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The model that `text` described."""
        return cls(lightgbm.Booster(model_str=text))


class Lgbm(TabularHead):
    """Head over pooled features, metadata, site and quality figures.

    Parameters
    ----------
    settings
        Trees, inner folds and which columns are used.
    """

    settings_class = LgbmSettings
    settings: LgbmSettings

    def _fit_rows(self, rows: np.ndarray, labels: np.ndarray) -> TreeModel:
        return TreeModel.fit(rows, labels, len(self._classes), self.settings)

    def _model_state(self, level: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        return {}, {f"{level}-trees": cast(TreeModel, self._models[level]).text()}

    def _load_model(self, level: str, state: HeadState) -> TreeModel:
        return TreeModel.from_text(state.texts[f"{level}-trees"])
