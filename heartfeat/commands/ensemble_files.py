"""From finished runs to the files of their ensemble."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from heartfeat.evaluation.calibrators import Method
    from heartfeat.evaluation.results import Results
    from heartfeat.stores.store import Store
    from heartfeat.training.runs import RunRecord


def write_ensemble(
    folder: Path,
    overwrite: bool,
    members: "Mapping[Path, RunRecord]",
    store: "Store",
    calibration: "Method",
) -> "tuple[RunRecord, Results]":
    """Average the predictions of runs, calibrate and score the mean, and write it as a run.

    Raises
    ------
    RunError
        When a member's predictions are missing or damaged.
    """
    import json

    import polars as pl

    from heartfeat.evaluation.averaging import average_tables, averaged_table, calibrate_average
    from heartfeat.evaluation.predictions import load_predictions, save_predictions
    from heartfeat.evaluation.recordings import NAME as RECORDINGS
    from heartfeat.evaluation.results import judge, save_results
    from heartfeat.evaluation.rules import with_cost_decisions
    from heartfeat.evaluation.run_calibration import save_calibration
    from heartfeat.evaluation.selective import VALID
    from heartfeat.evaluation.tables import with_labels
    from heartfeat.evaluation.worth import deciding
    from heartfeat.tasks import encode_labels, get_task
    from heartfeat.training.runs import save_record, writing_run

    record = _record(folder.name, members)
    task, folds = get_task(record.task), range(len(record.seen))
    valid, tested = (
        [load_predictions(member / f"{side}.parquet") for member in members]
        for side in (VALID, "predictions")
    )
    means = {
        side: [average_tables(task, tables, fold) for fold in folds]
        for side, tables in (("valid", valid), ("test", tested))
    }

    def labelled(table: pl.DataFrame) -> pl.DataFrame:
        return with_labels(table, store.patients, task.patient_label)

    known = [labelled(mean.patients)["label"] for mean in means["valid"]]
    calibrations = [
        calibrate_average(task, calibration, mean, labels)
        for mean, labels in zip(means["valid"], known, strict=True)
    ]
    decided = [deciding(task, encode_labels(task, labels)) for labels in known]

    def table(side: str) -> pl.DataFrame:
        parts = zip(decided, means[side], folds, calibrations, strict=True)
        return labelled(pl.concat(averaged_table(*part) for part in parts))

    predictions = with_cost_decisions(task, table("test"))
    recordings = _recordings(record, list(members))
    results = judge(task, predictions, store.patients, recordings)
    with writing_run(folder, overwrite) as beside:
        (beside / "history.json").write_text(json.dumps([[] for _ in folds]) + "\n", encoding="utf-8")
        save_calibration(calibrations, beside)
        save_predictions(predictions, beside)
        save_predictions(table("valid"), beside, VALID)
        if recordings is not None:
            save_predictions(recordings, beside, RECORDINGS)
        save_results(results, beside)
        save_record(record, beside)
    return record, results


def _record(name: str, members: "Mapping[Path, RunRecord]") -> "RunRecord":
    """What ``run.json`` says of the ensemble: fold by fold, all that its members saw."""
    from dataclasses import replace

    from heartfeat.training.met_before import joined
    from heartfeat.training.runs import record_digest

    records = list(members.values())
    by_fold = list(zip(*(record.seen for record in records), strict=True))
    return replace(
        records[0],
        name=name,
        head="ensemble",
        features={name: core for record in records for name, core in record.features.items()},
        views=list(dict.fromkeys(view for record in records for view in record.views)),
        settings={"kind": "ensemble", "members": {record.name: dict(record.settings) for record in records}},
        seen=[sorted({person for seen in fold for person in seen}) for fold in by_fold],
        seconds=[round(sum(fold), 3) for fold in zip(*(record.seconds for record in records), strict=True)],
        shared_persons=sorted({person for record in records for person in record.shared_persons}),
        left_out=[
            patient
            for patient in records[0].left_out
            if all(patient in record.left_out for record in records)
        ],
        recordings=None,
        protocol={},
        trained_on=[],
        members={f"../{folder.name}": record_digest(folder) for folder in members},
        met_before=joined([record.met_before for record in records], len(by_fold)),
    )


def _recordings(record: "RunRecord", folders: "Sequence[Path]") -> "pl.DataFrame | None":
    """The members' mean over recordings; None where one of them says nothing of recordings."""
    from heartfeat.evaluation.averaging import average_recordings
    from heartfeat.evaluation.recordings import load_recording_predictions
    from heartfeat.tasks import get_task

    tables = [table for folder in folders if (table := load_recording_predictions(folder)) is not None]
    return average_recordings(get_task(record.task), tables) if len(tables) == len(folders) else None
