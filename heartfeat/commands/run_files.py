"""From a finished experiment to the files of its run."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from heartfeat.evaluation.calibrators import Method
    from heartfeat.evaluation.results import Results
    from heartfeat.evaluation.run_calibration import FoldCalibration
    from heartfeat.stores.store import Store
    from heartfeat.tasks import Task
    from heartfeat.training.cross_validation import FittedFold
    from heartfeat.training.experiment import Experiment


def write_run(
    folder: Path,
    overwrite: bool,
    experiment: "Experiment",
    store: "Store",
    calibration: "Method" = "temperature",
) -> "Results":
    """Calibrate an experiment's folds, score its test predictions, and write everything that a run folder holds.

    Raises
    ------
    RunError
        When ``folder`` exists and may not be replaced, or no tested patient has a label.
    """
    import json

    from heartfeat.evaluation.other_tasks import NAME as OTHER_TASK
    from heartfeat.evaluation.predictions import save_predictions
    from heartfeat.evaluation.recordings import NAME as RECORDINGS
    from heartfeat.evaluation.results import judge, save_results
    from heartfeat.evaluation.rules import with_cost_decisions
    from heartfeat.evaluation.run_calibration import calibrate_fold, save_calibration
    from heartfeat.evaluation.selective import VALID
    from heartfeat.evaluation.tables import with_labels
    from heartfeat.tasks import get_task
    from heartfeat.training.runs import save_record, writing_run
    from heartfeat.training.saved_heads import save_state

    task, folds = get_task(experiment.record.task), experiment.folds
    calibrations = [
        calibrate_fold(calibration, fold.valid.labels, fold.valid_prediction.patients, fold.valid.views)
        for fold in folds
    ]
    valid, predictions = (
        with_labels(_patients(task, folds, calibrations, side), store.patients, task.patient_label)
        for side in ("valid", "test")
    )
    predictions = with_cost_decisions(task, predictions)
    recordings, other_tasks = _recordings(task, folds, store), _other_tasks(folds, store)
    results = judge(task, predictions, store.patients, recordings, other_tasks)
    with writing_run(folder, overwrite) as beside:
        for fold in folds:
            save_state(fold.state, beside / f"fold{fold.number}")
        history = [fold.history for fold in folds]
        (beside / "history.json").write_text(json.dumps(history, indent=1) + "\n", encoding="utf-8")
        save_calibration(calibrations, beside)
        save_predictions(predictions, beside)
        save_predictions(valid, beside, VALID)
        if recordings is not None:
            save_predictions(recordings, beside, RECORDINGS)
        for name, table in other_tasks.items():
            save_predictions(table, beside, f"{OTHER_TASK}{name}")
        save_results(results, beside)
        save_record(experiment.record, beside)
    return results


def _patients(
    task: "Task", folds: "Sequence[FittedFold]", calibrations: "Sequence[FoldCalibration]", side: str
) -> "pl.DataFrame":
    """The prediction table of all folds' test or validation patients, calibrated by their own fold, not labelled."""
    import polars as pl

    from heartfeat.evaluation.results import tabulate
    from heartfeat.evaluation.worth import deciding

    tables = []
    for fold, calibration in zip(folds, calibrations, strict=True):
        valid = side == "valid"
        shown = fold.valid if valid else fold.test
        said = (fold.valid_prediction if valid else fold.prediction).patients
        ids, persons = (shown.patients[name].to_list() for name in ("patient", "person"))
        tables.append(
            tabulate(
                deciding(task, fold.valid.labels), ids, persons, fold.number, said, shown.views, calibration
            )
        )
    return pl.concat(tables)


def _recordings(task: "Task", folds: "Sequence[FittedFold]", store: "Store") -> "pl.DataFrame | None":
    """The table of all folds' test recordings; None where the head says nothing of recordings."""
    import polars as pl

    from heartfeat.evaluation.recordings import recording_table
    from heartfeat.evaluation.tables import with_labels

    tables = [
        recording_table(
            task,
            fold.test.recordings,
            fold.test.patients,
            fold.number,
            fold.prediction.recordings,
            fold.test.views,
        )
        for fold in folds
        if fold.prediction.recordings is not None
    ]
    if not tables:
        return None
    return with_labels(pl.concat(tables), store.recordings, task.recording_label, key="recording")


def _other_tasks(folds: "Sequence[FittedFold]", store: "Store") -> "dict[str, pl.DataFrame]":
    """By name of another task that the heads learned beside, the table of all folds' test patients."""
    import polars as pl

    from heartfeat.evaluation.other_tasks import task_table
    from heartfeat.evaluation.tables import with_labels
    from heartfeat.training.extra_labels import CLASSES, patient_classes

    names = sorted(folds[0].prediction.extra.keys() & CLASSES.keys())
    known = patient_classes(store) if names else pl.DataFrame()
    tables = {
        name: pl.concat(
            task_table(
                CLASSES[name],
                fold.test.patients,
                fold.number,
                fold.prediction.extra[name],
                fold.test.views,
            )
            for fold in folds
        )
        for name in names
    }
    return {name: with_labels(table, known, name) for name, table in tables.items()}
