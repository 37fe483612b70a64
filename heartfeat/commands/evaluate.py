"""heartfeat evaluate"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import DEFAULT_CONFIG, ConfigOption, SetOption, StoreOption

if TYPE_CHECKING:
    import polars as pl

    from heartfeat.evaluation.abstention import Abstention
    from heartfeat.evaluation.results import Results
    from heartfeat.evaluation.selective import CoverageRisk
    from heartfeat.training.runs import RunRecord


@dataclass(frozen=True)
class Evaluation:
    """What a run's test predictions are worth, and where the report lies.

    Attributes
    ----------
    groups
        Scores per group of patients and per site.
    coverage_risk
        What answering only the surest patients gives.
    abstention
        What abstaining at the wanted error rate gave; None where none was asked for.
    """

    record: "RunRecord"
    results: "Results"
    groups: "pl.DataFrame"
    coverage_risk: "CoverageRisk"
    abstention: "Abstention | None"
    report: Path


def evaluate(
    run: Annotated[str, typer.Option(help="Run to score again.")],
    abstain: Annotated[
        float | None,
        typer.Option(
            metavar="RATE", help="Abstain so that at most this share of patients is answered wrongly."
        ),
    ] = None,
    store: StoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    set: SetOption = None,
) -> Evaluation:
    """Score a run's stored test predictions again, in all and by group; write report.html.

    Groups are by subset, sex, age band, campaign, quality and site, as far as the cohort tells them; their scores are
    written as groups.parquet and groups.csv. With --abstain each fold gets a threshold from its own validation
    patients, and what came of it on its test patients is written as selective.json and selective.csv.

    Raises
    ------
    RunError
        When there is no such run, or the store is of another cohort or has no labels. With --abstain also when a member
        of an ensemble is missing or was fitted again.
    ConfigError
        When the rate for abstaining is not between 0 and 1.
    """
    import polars as pl

    from heartfeat.commands.common import config_store, run_at
    from heartfeat.commands.progress import show_progress
    from heartfeat.commands.reports import write_runs_report
    from heartfeat.commands.warn import say_loudly
    from heartfeat.config import load_config
    from heartfeat.evaluation.groups import group_scores, save_groups
    from heartfeat.evaluation.other_tasks import NAME as OTHER_TASK
    from heartfeat.evaluation.other_tasks import load_task_predictions
    from heartfeat.evaluation.predictions import load_predictions, save_predictions
    from heartfeat.evaluation.recordings import NAME, load_recording_predictions
    from heartfeat.evaluation.results import judge, save_results
    from heartfeat.evaluation.selective import run_coverage_risk
    from heartfeat.evaluation.sites import site_scores
    from heartfeat.evaluation.tables import with_labels
    from heartfeat.stores import open_store
    from heartfeat.tasks import get_task
    from heartfeat.training.extra_labels import patient_classes
    from heartfeat.training.met_before import warnings
    from heartfeat.training.runs import check_same_cohort, load_record, updating_run

    settings = load_config(config, set or ())
    folder = run_at(settings, run, config)
    record = load_record(folder)
    task = get_task(record.task)
    with open_store(store or config_store(settings, config)) as opened, show_progress() as update:
        check_same_cohort(record, opened)
        update("scoring", 0, 3)
        predictions = with_labels(load_predictions(folder), opened.patients, task.patient_label)
        recordings = load_recording_predictions(folder)
        groups = group_scores(task, predictions, opened.patients)
        if recordings is not None:
            recordings = with_labels(recordings, opened.recordings, task.recording_label, "recording")
            groups = pl.concat([groups, site_scores(task, recordings)])
        update("scoring", 1, 3)
        known = patient_classes(opened)
        other_tasks = {
            name: with_labels(table, known, name) for name, table in load_task_predictions(folder).items()
        }
        results = judge(task, predictions, opened.patients, recordings, other_tasks)
        update("scoring", 2, 3)
        with updating_run(folder) as beside:
            save_predictions(predictions, beside)
            if recordings is not None:
                save_predictions(recordings, beside, NAME)
            for name, table in other_tasks.items():
                save_predictions(table, beside, f"{OTHER_TASK}{name}")
            save_results(results, beside)
            save_groups(groups, beside)
            abstention = None if abstain is None else _abstain(predictions, record, folder, abstain, beside)
        write_runs_report(folder / "report.html", f"Run {record.name}", [folder], opened)
        update("scoring", 3, 3)
    say_loudly([*warnings(record.met_before), *_doubts(abstention)])
    curve = run_coverage_risk(predictions)
    return Evaluation(record, results, groups, curve, abstention, folder / "report.html")


def _abstain(
    predictions: "pl.DataFrame", record: "RunRecord", run: Path, rate: float, out: Path
) -> "Abstention":
    from heartfeat.evaluation.abstention import judge_abstention, save_abstention
    from heartfeat.evaluation.predictions import load_predictions
    from heartfeat.evaluation.selective import VALID, abstain
    from heartfeat.training.unlike_validation import unlike_validation

    valid = load_predictions(run / f"{VALID}.parquet")
    table = abstain(predictions, valid, rate)
    found = judge_abstention(table, valid, rate, unlike_validation(record, run))
    save_abstention(found, table, out)
    return found


def _doubts(found: "Abstention | None") -> list[str]:
    """The warning that validation patients promise nothing of the test patients, where they do not."""
    from heartfeat.backbones.trained_on import ALOUD

    if found is None or not found.doubts:
        return []
    return [
        f"{ALOUD}: abstaining at {found.rate:g} promises nothing here, and more may be answered wrongly: test patients "
        f"are of another kind than the validation patients that thresholds rest on ({'; '.join(found.doubts)})"
    ]
