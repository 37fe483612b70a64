"""heartfeat compare"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import ConfigOption, SetOption, StoreOption

if TYPE_CHECKING:
    import polars as pl


def compare(
    run: Annotated[list[str] | None, typer.Option(help="Compare only this run. Repeatable.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a single-file HTML report.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the table as csv.")] = None,
    store: StoreOption = None,
    config: ConfigOption = Path("heartfeat.yaml"),
    set: SetOption = None,
) -> "pl.DataFrame":
    """Show every run of the config's task side by side: scores with 95 % intervals, persons resampled.

    Only runs on the same patients and split can be compared; the column `split` tells them apart.

    Raises
    ------
    RunError
        When there is no run, or a run that is named does not exist.
    """
    import polars as pl

    from heartfeat.commands.reports import read_runs, write_runs_report
    from heartfeat.config import load_config
    from heartfeat.errors import RunError
    from heartfeat.evaluation.compare import compare_runs
    from heartfeat.stores import open_store
    from heartfeat.training.runs import list_runs, load_record

    settings = load_config(config, set or ())
    folders = [settings.runs / name for name in run] if run else list_runs(settings.runs)
    records = {folder: load_record(folder) for folder in folders}
    folders = [folder for folder in folders if records[folder].task == settings.task]
    if not folders:
        raise RunError(
            f"there is no {settings.task} run in {settings.runs} yet; make one with `heartfeat fit --head logistic`"
        )
    table = compare_runs(read_runs(folders))
    splits = {record.name: record.split_digest[:8] for record in records.values()}
    table = table.with_columns(split=pl.col("run").replace_strict(splits))
    if csv is not None:
        table.write_csv(csv)
    if report is not None:
        with open_store(store or settings.store) as opened:
            write_runs_report(report, f"{settings.cohort_name()}: {settings.task}", folders, opened)
    return table
