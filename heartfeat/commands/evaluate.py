"""heartfeat evaluate"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import ConfigOption, SetOption, StoreOption

if TYPE_CHECKING:
    import polars as pl

    from heartfeat.evaluation.results import Results
    from heartfeat.training.runs import RunRecord


@dataclass(frozen=True)
class Evaluation:
    """What a run's test predictions are worth, in all and per group of patients, and where the report lies."""

    record: "RunRecord"
    results: "Results"
    groups: "pl.DataFrame"
    report: Path


def evaluate(
    run: Annotated[str, typer.Option(help="Run to score again.")],
    store: StoreOption = None,
    config: ConfigOption = Path("heartfeat.yaml"),
    set: SetOption = None,
) -> Evaluation:
    """Score a run's stored test predictions again, in all and by sex, age band and campaign; write report.html.

    The scores per group are written as groups.parquet and groups.csv.

    Raises
    ------
    RunError
        When there is no such run, or the store is of another cohort or has no labels.
    """
    from heartfeat.commands.reports import write_runs_report
    from heartfeat.config import load_config
    from heartfeat.evaluation.groups import group_scores, save_groups
    from heartfeat.evaluation.predictions import load_predictions, save_predictions
    from heartfeat.evaluation.results import judge, save_results, with_labels
    from heartfeat.stores import open_store
    from heartfeat.tasks import get_task
    from heartfeat.training.runs import check_same_cohort, load_record, updating_run

    settings = load_config(config, set or ())
    folder = settings.runs / run
    record = load_record(folder)
    task = get_task(record.task)
    with open_store(store or settings.store) as opened:
        check_same_cohort(record, opened)
        predictions = with_labels(task, load_predictions(folder), opened.patients)
        results = judge(task, predictions, opened.patients)
        groups = group_scores(task, predictions, opened.patients)
        with updating_run(folder) as beside:
            save_predictions(predictions, beside)
            save_results(results, beside)
            save_groups(groups, beside)
        write_runs_report(folder / "report.html", f"Run {record.name}", [folder], opened)
    return Evaluation(record, results, groups, folder / "report.html")
