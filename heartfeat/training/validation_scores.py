"""Scores of validation patients while a head is being fitted: for early stopping and for who watches."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from heartfeat.evaluation.decisions import decide
from heartfeat.evaluation.scores import score
from heartfeat.evaluation.worth import deciding
from heartfeat.tasks import Task

WATCHED = ("weighted_accuracy", "uar", "macro_f1", "mcc", "auroc", "auprc")


@dataclass(frozen=True)
class ValidationScores:
    """``scores(labels, posteriors)`` of a task: the decision is the class of the highest worth x probability.

    A balanced task is decided by these patients' own class shares, as a fit decides.
    """

    task: Task

    def __call__(self, labels: np.ndarray, probabilities: np.ndarray) -> Mapping[str, float]:
        """The watched scores of labelled patients, by name; NaN where one is undefined."""
        decisions = decide(deciding(self.task, labels), probabilities)
        scores = score(self.task, labels, probabilities, decisions)
        return {name: scores[name] for name in WATCHED}
