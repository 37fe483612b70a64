"""What predictions are worth: scores, intervals and confusion, with and without views, calibration and rules."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
import polars as pl

from heartfeat.errors import RunError
from heartfeat.evaluation.bootstrap import bootstrap_intervals
from heartfeat.evaluation.confusion import confusion_matrix
from heartfeat.evaluation.decisions import decide
from heartfeat.evaluation.four_ways import FourWays
from heartfeat.evaluation.other_tasks import task_scores
from heartfeat.evaluation.predictions import prediction_arrays, prediction_table
from heartfeat.evaluation.rules import rule_scores
from heartfeat.evaluation.run_calibration import FoldCalibration
from heartfeat.evaluation.scores import score
from heartfeat.evaluation.tables import labels_of
from heartfeat.evaluation.views import average_views
from heartfeat.evaluation.worth import worth_columns, worth_of
from heartfeat.tasks import OUTCOME, Task, encode_labels
from heartfeat.tasks.labels import UNLABELLED


@dataclass(frozen=True)
class Results:
    """Scores of one table of predictions.

    Attributes
    ----------
    patients
        Patients that have a label and were scored.
    scores, intervals
        By score name; 95 % intervals, persons resampled. Of the run's decision, on the mean over views, calibrated.
    clean_scores
        The same scores when only the clean view is used, calibrated by itself.
    uncalibrated_scores, clean_uncalibrated_scores
        The same scores without calibration, of the mean over views and of the clean one alone.
    rules, clean_rules
        The main scores under each rule of decision, of the mean over views and of the clean one alone; see
        :mod:`heartfeat.evaluation.rules`.
    confusion
        Rows are labels, columns decisions, in the order of ``classes``.
    tasks
        By name of another task that the heads learned beside, see
        :func:`heartfeat.evaluation.other_tasks.task_scores`.
    """

    classes: list[str]
    patients: int
    scores: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    clean_scores: dict[str, float]
    confusion: list[list[int]]
    uncalibrated_scores: dict[str, float] = field(default_factory=dict)
    clean_uncalibrated_scores: dict[str, float] = field(default_factory=dict)
    rules: dict[str, dict[str, float]] = field(default_factory=dict)
    clean_rules: dict[str, dict[str, float]] = field(default_factory=dict)
    tasks: dict[str, dict[str, float]] = field(default_factory=dict)

    def variants(self) -> dict[str, dict[str, float]]:
        """The scores with views averaged and probabilities calibrated, with one of the two, with neither."""
        found = {
            "both": self.scores,
            "views alone": self.uncalibrated_scores,
            "calibration alone": self.clean_scores,
            "neither": self.clean_uncalibrated_scores,
        }
        return {name: scores for name, scores in found.items() if scores}


def tabulate(
    task: Task,
    patients: Sequence[str],
    persons: Sequence[str],
    fold: int,
    probabilities: np.ndarray,
    views: Sequence[str],
    calibration: FoldCalibration | None = None,
) -> pl.DataFrame:
    """A prediction table of one head without labels: averaged over views, calibrated, decided.

    Parameters
    ----------
    patients, persons
        Ids, one per patient.
    fold
        Number of the fold whose head speaks.
    probabilities
        ``(views, patients, classes)``, the clean view first.
    views
        Their names.
    calibration
        Of that fold; left out, probabilities stay as they are.

    Returns
    -------
    table
        As :func:`table_of`.
    """
    ways = FourWays.of(probabilities, views, calibration or FoldCalibration())
    return table_of(task, patients, persons, fold, ways, average_views(probabilities, views)[1])


def table_of(
    task: Task,
    patients: Sequence[str],
    persons: Sequence[str],
    fold: int,
    ways: FourWays,
    view_spread: np.ndarray,
    fold_spread: np.ndarray | None = None,
) -> pl.DataFrame:
    """A prediction table without labels; the decision is that of the highest worth x calibrated probability.

    Parameters
    ----------
    fold
        Number of the fold whose head speaks; -1 where several heads were averaged.
    view_spread, fold_spread
        As in :func:`heartfeat.evaluation.predictions.prediction_table`.

    Returns
    -------
    table
        As :func:`heartfeat.evaluation.predictions.prediction_table`, and ``raw_<class>``, ``clean_<class>`` and
        ``clean_raw_<class>``, see :class:`heartfeat.evaluation.four_ways.FourWays`; for a balanced task
        ``worth_<class>``, see :mod:`heartfeat.evaluation.worth`.
    """
    unknown, folds = np.full(len(patients), UNLABELLED), [fold] * len(patients)
    mean = ways.calibrated
    decisions = decide(task, mean)
    table = prediction_table(
        task, patients, persons, folds, unknown, decisions, mean, view_spread, fold_spread
    )
    return table.with_columns(*ways.columns(task), *worth_columns(task, table.height))


def judge(
    task: Task,
    predictions: pl.DataFrame,
    patients: pl.DataFrame,
    recordings: pl.DataFrame | None = None,
    other_tasks: Mapping[str, pl.DataFrame] = MappingProxyType({}),
) -> Results:
    """Score labelled predictions.

    Parameters
    ----------
    predictions
        Prediction table with labels.
    patients
        Patients table of the store, whose outcome the murmur cost needs.
    recordings
        What the heads say of single recordings, see :mod:`heartfeat.evaluation.recordings`, for the rule that
        needs it.
    other_tasks
        Labelled tables of other tasks by name, see :mod:`heartfeat.evaluation.other_tasks`.

    Raises
    ------
    RunError
        When no predicted patient has a label.
    """
    arrays = prediction_arrays(predictions, task)
    labels, decisions, known = arrays.labels, arrays.decisions, arrays.labels != UNLABELLED
    if not known.any():
        raise RunError(
            f"none of the {len(labels)} predicted patients has a {task.name} label: nothing to score"
        )
    stored = labels_of(predictions, patients, OUTCOME.patient_label)
    outcome = None if stored is None else encode_labels(OUTCOME, stored)
    ways, worth = FourWays.from_table(predictions, task), worth_of(task, predictions)

    def again(probabilities: np.ndarray) -> dict[str, float]:
        return score(task, labels, probabilities, decide(task, probabilities, worth=worth), outcome)

    intervals = bootstrap_intervals(task, labels, ways.calibrated, decisions, arrays.persons, outcome)
    confusion = confusion_matrix(labels[known], decisions[known], len(task.classes))
    return Results(
        classes=list(task.classes),
        patients=int(known.sum()),
        scores=score(task, labels, ways.calibrated, decisions, outcome),
        intervals={name: (interval.low, interval.high) for name, interval in intervals.items()},
        clean_scores=again(ways.clean),
        confusion=np.rint(confusion).astype(int).tolist(),
        uncalibrated_scores=again(ways.raw),
        clean_uncalibrated_scores=again(ways.clean_raw),
        rules=rule_scores(task, predictions, ways.calibrated, outcome, recordings),
        clean_rules=rule_scores(task, predictions, ways.clean, outcome, recordings, clean=True),
        tasks={name: task_scores(table) for name, table in other_tasks.items()},
    )


def save_results(results: Results, folder: Path) -> None:
    """Write ``scores.json``; undefined scores are null, and ``tasks`` is there where there are any."""
    told = {name: value for name, value in asdict(results).items() if name != "tasks" or value}
    text = json.dumps(_plain(told), indent=2, allow_nan=False)
    (folder / "scores.json").write_text(text + "\n", encoding="utf-8")


def load_results(folder: Path) -> Results:
    """Read ``scores.json`` of a run.

    Raises
    ------
    RunError
        When it is missing or damaged.
    """
    path = folder / "scores.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        intervals = {name: (_number(low), _number(high)) for name, (low, high) in raw["intervals"].items()}
        scores = {name: _numbers(raw[name]) for name in raw if name.endswith("scores")}
        nested = {
            name: {under: _numbers(values) for under, values in raw[name].items()}
            for name in raw
            if name.endswith(("rules", "tasks"))
        }
        return Results(**{**raw, **scores, **nested, "intervals": intervals})
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise RunError(f"{path} cannot be read ({error}); run `heartfeat evaluate` on the run") from error


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _numbers(scores: Mapping[str, float | None]) -> dict[str, float]:
    return {name: _number(value) for name, value in scores.items()}


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
