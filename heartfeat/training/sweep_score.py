"""What settings of a head are worth on validation patients; test patients are neither predicted nor looked at."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from pydantic import BaseModel

from heartfeat.cohorts.folds import Fold
from heartfeat.config import validate
from heartfeat.errors import ConfigError, HeartfeatError, SplitError
from heartfeat.evaluation.decisions import decide
from heartfeat.evaluation.scores import score
from heartfeat.evaluation.views import average_views
from heartfeat.evaluation.worth import deciding
from heartfeat.heads.examples import Examples
from heartfeat.heads.held_out import predict_held_out
from heartfeat.heads.registry import head_class, head_settings, make_head
from heartfeat.progress import silent
from heartfeat.stores.store import Store
from heartfeat.tasks import OUTCOME, Task, encode_labels
from heartfeat.training.cross_validation import training_sides
from heartfeat.training.examples import load_examples
from heartfeat.training.fitting import Fitting
from heartfeat.training.protocol import EVERYTHING
from heartfeat.training.sweep_trials import Trial
from heartfeat.training.validation_scores import ValidationScores

LOWER_IS_BETTER = ("cost", "brier", "ece", "class_ece", "mce")
"""Scores that a sweep minimises."""


def score_names(task: Task) -> tuple[str, ...]:
    """All scores that there are for a task."""
    codes = np.arange(len(task.classes))
    return tuple(score(task, codes, np.eye(len(codes)), codes, np.zeros_like(codes)))


@dataclass(frozen=True)
class SweepJob:
    """What every trial of a sweep has in common; plain data that a worker process can be given.

    Attributes
    ----------
    base
        Settings of the head where a trial does not say otherwise.
    folds
        The folds that are fitted, by number.
    score
        Name of the score that trials are judged by.
    """

    store: str
    features: tuple[str, ...]
    views: tuple[str, ...]
    task: Task
    head: str
    base: Mapping[str, Any]
    folds: Mapping[int, Fold]
    score: str

    def settings(self, changes: Mapping[str, Any]) -> BaseModel:
        """The head's settings with a trial's changes.

        Raises
        ------
        ConfigError
            When they do not validate.
        """
        model = head_settings(self.head)
        if model is None:
            raise ConfigError(f"there is no head {self.head!r}")
        return validate(model, {**self.base, **changes}, f"heads.{self.head}")


class SweepScorer:
    """Holds the features of a sweep in RAM and judges settings by them.

    Parameters
    ----------
    job
        What all trials have in common.
    store
        The store that it names.
    device
        Where neural heads compute.
    """

    def __init__(self, job: SweepJob, store: Store, device: str) -> None:
        self._job = job
        self._fitting = Fitting(device=device, precision="auto", score=ValidationScores(job.task))
        tokens = head_class(job.head).uses_tokens
        shown = {patient for fold in job.folds.values() for patient in (*fold.train, *fold.valid)}
        examples = load_examples(store, job.features, job.views, job.task, tokens=tokens)
        self._examples = examples.take(sorted(shown))
        self._outcomes = _outcomes(store.patients)

    def judge(self, trial: Trial) -> Trial:
        """The trial with its scores; one that fails says why, and nothing but an interruption is raised."""
        started = time.perf_counter()
        scores: dict[int, float] = {}
        try:
            settings = self._job.settings(trial.settings)
            for number, fold in self._job.folds.items():
                scores[number] = self._fold(settings, number, fold)
        except HeartfeatError as error:
            done = replace(trial, status="failed", error=str(error))
        except Exception as error:  # noqa: BLE001 - a head may fail in any way on settings that nobody has tried
            done = replace(trial, status="failed", error=repr(error))
        else:
            done = replace(trial, status="ok", score=float(np.mean(list(scores.values()))))
        return replace(done, scores=scores, seconds=round(time.perf_counter() - started, 3))

    def _fold(self, settings: BaseModel, number: int, fold: Fold) -> float:
        train, valid = training_sides(self._examples, number, fold, EVERYTHING)
        for side, part in (("train", train), ("valid", valid)):
            if not len(part.patients):
                raise SplitError(f"fold {number} has no usable patients in {side}")
        head = make_head(settings)
        with self._fitting.placed(type(head), number):
            head.fit(train, valid, self._fitting.monitor(number, silent))
            said = predict_held_out(head, valid)
        value = self._value(valid, average_views(said.patients, valid.views)[0])
        if not np.isfinite(value):
            raise ConfigError(f"{self._job.score} is undefined on the validation patients of fold {number}")
        return value

    def _value(self, valid: Examples, probabilities: np.ndarray) -> float:
        task, patients = self._job.task, valid.patients["patient"].to_list()
        outcome = None
        if self._outcomes:
            outcome = np.array([self._outcomes[patient] for patient in patients])
        # Whoever sweeps for the least cost decides by it, where there is such a rule.
        by_cost = self._job.score == "cost" and task.name == OUTCOME.name
        decisions = decide(deciding(task, valid.labels), probabilities, "cost" if by_cost else "worth")
        return score(task, valid.labels, probabilities, decisions, outcome).get(self._job.score, float("nan"))


def _outcomes(patients: pl.DataFrame) -> dict[str, int]:
    """Outcome code by patient, which the cost of a murmur head needs; empty where none is stored."""
    if OUTCOME.patient_label not in patients.columns:
        return {}
    codes = encode_labels(OUTCOME, patients[OUTCOME.patient_label])
    return dict(zip(patients["patient"].to_list(), codes.tolist(), strict=True))
