"""Runs that tables and reports can show."""

from collections.abc import Callable

import numpy as np
import pytest

from heartfeat.evaluation.bootstrap import bootstrap_intervals
from heartfeat.evaluation.confusion import confusion_matrix
from heartfeat.evaluation.decisions import decide
from heartfeat.evaluation.predictions import prediction_table
from heartfeat.evaluation.run_report import RunReport
from heartfeat.evaluation.scores import score
from heartfeat.tasks import MURMUR


@pytest.fixture
def make_run() -> Callable[..., RunReport]:
    """``make_run(name, skill, unlabelled)``: a judged run of 40 patients; more skill, better scores."""

    def make(name: str = "a run", skill: float = 1.0, unlabelled: int = 0) -> RunReport:
        generator = np.random.default_rng(0)
        labels = np.arange(40) % 3
        odds = np.exp(generator.normal(size=(40, 3)) + skill * np.eye(3)[labels])
        probabilities = odds / odds.sum(axis=1, keepdims=True)
        labels = np.where(np.arange(40) < unlabelled, -1, labels)
        decisions, known = decide(MURMUR, probabilities), labels >= 0
        ids = [f"p{i}" for i in range(40)]
        return RunReport(
            name=name,
            head="logistic",
            features=("logmel", "ast"),
            predictions=prediction_table(
                MURMUR, ids, ids, [0] * 40, labels, decisions, probabilities, np.zeros(40)
            ),
            scores=score(MURMUR, labels, probabilities, decisions),
            intervals=bootstrap_intervals(MURMUR, labels, probabilities, decisions, ids, resamples=50),
            confusion=confusion_matrix(labels[known], decisions[known], 3),
            settings={"head": {"penalty": 0.07}, "views": ["clean", "gain-6"], "seed": 0},
            seconds=1.5,
        )

    return make
