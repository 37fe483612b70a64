"""heartfeat compare"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import ConfigOption, SetOption

if TYPE_CHECKING:
    import polars as pl


def compare(
    run: Annotated[list[str] | None, typer.Option(help="Compare only this run. Repeatable.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a single-file HTML report.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the table as csv.")] = None,
    config: ConfigOption = Path("heartfeat.yaml"),
    set: SetOption = None,
) -> "pl.DataFrame":
    """Show every run side by side: scores with 95 % intervals, persons resampled.

    Raises
    ------
    RunError
        When there is no run, or a run that is named does not exist.
    """
    from heartfeat.config import load_config
    from heartfeat.errors import RunError
    from heartfeat.evaluation.compare import compare_runs
    from heartfeat.training.runs import list_runs
    from heartfeat.commands.report import run_reports, write_comparison

    settings = load_config(config, set or ())
    folders = [settings.runs / name for name in run] if run else list_runs(settings.runs)
    if not folders:
        raise RunError(f"there is no run in {settings.runs} yet; make one with `heartfeat fit --head logistic`")
    reports = run_reports(folders)
    table = compare_runs(reports)
    if csv is not None:
        table.write_csv(csv)
    if report is not None:
        write_comparison(report, settings, reports)
    return table
