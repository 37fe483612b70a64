"""The calibrators of a run, one pair per fold, as the file ``calibration.json``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from heartfeat.errors import RunError
from heartfeat.evaluation.calibrators import Calibrator, Method, fit_calibrator
from heartfeat.evaluation.views import average_views

FILE = "calibration.json"


@dataclass(frozen=True)
class FoldCalibration:
    """What is applied to the predictions of one fold's head.

    Attributes
    ----------
    mean_view
        For the mean over views.
    clean_view
        For the clean view alone, so that results without views are calibrated as well as those with them.
    """

    mean_view: Calibrator = field(default_factory=Calibrator)
    clean_view: Calibrator = field(default_factory=Calibrator)


def calibrate_fold(
    method: Method, labels: np.ndarray, probabilities: np.ndarray, views: Sequence[str]
) -> FoldCalibration:
    """Fit both calibrators of a fold on its validation patients.

    Parameters
    ----------
    labels
        ``(P,)`` class codes of the fold's validation patients.
    probabilities
        ``(views, P, C)`` what the fold's head says of them, the clean view first.
    views
        Their names.
    """
    return FoldCalibration(
        mean_view=fit_calibrator(method, labels, average_views(probabilities, views)[0]),
        clean_view=fit_calibrator(method, labels, probabilities[0]),
    )


def uncalibrated(folds: Sequence[FoldCalibration]) -> list[str]:
    """One line per reason why folds are not calibrated although they were to be."""
    by_reason: dict[str, list[str]] = {}
    for number, fold in enumerate(folds):
        if fold.mean_view.reason:
            by_reason.setdefault(fold.mean_view.reason, []).append(str(number))
    return [
        f"not calibrated: {reason} in {'every fold' if len(there) == len(folds) else 'fold ' + ', '.join(there)}"
        for reason, there in by_reason.items()
    ]


def save_calibration(folds: Sequence[FoldCalibration], folder: Path) -> None:
    """Write ``calibration.json`` into ``folder``."""
    raw = [{"mean_view": fold.mean_view.as_dict(), "clean_view": fold.clean_view.as_dict()} for fold in folds]
    (folder / FILE).write_text(json.dumps({"folds": raw}, indent=2) + "\n", encoding="utf-8")


def load_calibration(folder: Path, folds: int) -> list[FoldCalibration]:
    """Read ``calibration.json`` of a run with so many folds; a run from before there was one is not calibrated.

    Raises
    ------
    RunError
        When the file is damaged or of another number of folds.
    """
    path = folder / FILE
    if not path.exists():
        return [FoldCalibration()] * folds
    try:
        read = [_fold(raw) for raw in json.loads(path.read_text(encoding="utf-8"))["folds"]]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise RunError(f"{path} cannot be read ({error!r}); fit the head again") from error
    if len(read) != folds:
        raise RunError(f"{path} is for {len(read)} folds and the run has {folds}; fit the head again")
    return read


def _fold(raw: Mapping[str, Any]) -> FoldCalibration:
    return FoldCalibration(*(Calibrator.from_dict(raw[name]) for name in ("mean_view", "clean_view")))
