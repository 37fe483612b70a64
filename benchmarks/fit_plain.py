"""Models of libraries with next to no settings, to compare heads with."""

import lightgbm
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


class PlainModel:
    """LightGBM as it comes, or scikit-learn's logistic regression with a head's penalty, on all columns."""

    def __init__(self, kind: str, penalty: float, rows: np.ndarray, labels: np.ndarray) -> None:
        if kind == "lgbm":
            self.model = lightgbm.LGBMClassifier(n_jobs=1, verbosity=-1)
        else:
            solver = LogisticRegression(C=1 / (penalty * len(rows)), max_iter=500, tol=1e-3)
            self.model = make_pipeline(StandardScaler(), solver)
        self.model.fit(rows, labels)

    def predict(self, rows: np.ndarray) -> np.ndarray:
        return np.asarray(self.model.predict_proba(rows))
