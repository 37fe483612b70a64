"""From run folders to what comparisons and reports are made of."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from heartfeat.evaluation.run_report import RunReport
    from heartfeat.stores.store import Store


def read_runs(folders: Sequence[Path], store: "Store | None" = None) -> list["RunReport"]:
    """Finished runs, as comparisons and reports take them.

    Parameters
    ----------
    store
        Where given and of a run's cohort, its outcomes go into the column ``outcome`` of the predictions.

    Raises
    ------
    RunError
        When a run is missing or damaged.
    """
    return [_read_run(folder, store) for folder in folders]


def write_runs_report(
    path: Path,
    title: str,
    folders: Sequence[Path],
    store: "Store",
    differences: "pl.DataFrame | None" = None,
) -> None:
    """Write a single-file HTML report on runs that were fitted off one store.

    Parameters
    ----------
    differences
        Paired differences of the runs, see :func:`heartfeat.evaluation.compare.compare_with`.

    Raises
    ------
    RunError
        When a run was fitted on another cohort.
    """
    from heartfeat.evaluation.report import write_report
    from heartfeat.training.runs import check_same_cohort, load_record

    for folder in folders:
        check_same_cohort(load_record(folder), store)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_report(path, title, cohort_summary(store), read_runs(folders), differences)


def cohort_summary(store: "Store") -> dict[str, Any]:
    """Patients, persons, recordings, and those that were skipped, by reason."""
    import polars as pl

    from heartfeat.tasks import TASKS

    recordings, patients = store.recordings, store.patients
    skipped = (
        recordings.filter(pl.col("status") != "ok") if "status" in recordings.columns else recordings.clear()
    )
    summary: dict[str, Any] = {
        "cohort": str(store.attrs.get("cohort", "")),
        "patients": patients.height,
        "persons": patients["person"].n_unique(),
        "recordings": recordings.height,
        "skipped": skipped.height,
    }
    if "duration" in recordings.columns:
        summary["audio (h)"] = round(float(recordings["duration"].sum() or 0) / 3600, 2)
    for label in ("subset", *(task.patient_label for task in TASKS.values())):
        if label in patients.columns:
            summary[label] = _counts(patients[label])
    summary["site"] = _counts(recordings["site"])
    if skipped.height:
        summary["reasons for skipping"] = _counts(skipped["reason"])
    return summary


def _counts(column: Any) -> dict[str, int]:  # noqa: ANN401 - polars is imported late
    return {str(value): count for value, count in column.value_counts(sort=True).iter_rows()}


def _read_run(folder: Path, store: "Store | None") -> "RunReport":
    import numpy as np

    from heartfeat.evaluation.groups import load_groups
    from heartfeat.evaluation.predictions import load_predictions
    from heartfeat.evaluation.results import load_results
    from heartfeat.evaluation.run_report import RunReport
    from heartfeat.evaluation.tables import labels_of
    from heartfeat.tasks import OUTCOME
    from heartfeat.training.met_before import warnings
    from heartfeat.training.runs import load_record

    record, results, predictions = load_record(folder), load_results(folder), load_predictions(folder)
    if store is not None and store.attrs.get("cohort_digest", "") == record.cohort_digest:
        outcome = labels_of(predictions, store.patients, OUTCOME.patient_label)
        predictions = predictions if outcome is None else predictions.with_columns(outcome=outcome)
    return RunReport(
        name=record.name,
        head=record.head,
        features=tuple(record.features),
        predictions=predictions,
        scores=results.scores,
        intervals=results.intervals,
        confusion=np.array(results.confusion),
        settings={
            "settings": dict(record.settings),
            "views": record.views,
            "folds": len(record.seen),
            "split": record.split_digest[:12],
            "cohort": record.cohort_digest[:12],
            "versions": dict(record.versions),
        },
        seconds=sum(record.seconds),
        groups=load_groups(folder),
        variants=results.variants(),
        rules=results.rules,
        remarks=tuple(warnings(record.met_before)),
    )
