"""heartfeat compare"""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import DEFAULT_CONFIG, ConfigOption, SetOption, StoreOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from heartfeat.stores.store import Store


def compare(
    run: Annotated[list[str] | None, typer.Option(help="Compare only this run. Repeatable.")] = None,
    against: Annotated[
        str | None, typer.Option(help="Run that each is compared with, pair by pair [default: the best].")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write a single-file HTML report.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the table as csv.")] = None,
    store: StoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    set: SetOption = None,
) -> "pl.DataFrame":
    """Show every run of the config's task, the best by its main score first: 95 % intervals, persons resampled.

    Only runs on the same patients and split can be compared; the column `split` tells them apart, and
    `seen_with_labels` counts test patients on whose labels a backbone was fine-tuned. Every run is
    also compared with the best one (or with --against) on the patients that both predicted: difference of each
    score, 95 % interval and p-value, the same persons drawn for both. The murmur cost is among them when the
    store is there, since it needs the outcomes.

    Raises
    ------
    RunError
        When there is no run, or a run that is named does not exist or is of another task.
    StoreError
        When a report is wanted and there is no store.
    """
    import polars as pl

    from heartfeat.commands.common import here, run_at
    from heartfeat.commands.progress import show_progress
    from heartfeat.commands.reports import read_runs, write_runs_report
    from heartfeat.config import load_config
    from heartfeat.errors import RunError
    from heartfeat.evaluation.compare import compare_runs, compare_with
    from heartfeat.tasks import get_task
    from heartfeat.training.met_before import counts
    from heartfeat.training.runs import list_runs, load_record

    settings = load_config(config, set or ())
    first = run_at(settings, against, config) if against else None
    named = [run_at(settings, name, config) for name in run or ()]
    folders = list(dict.fromkeys([*named, *([first] if named and first else [])]))
    folders = folders or list_runs(here(settings.runs, config))
    records = {folder: load_record(folder) for folder in folders}
    folders = [folder for folder in folders if records[folder].task == settings.task]
    if not folders:
        raise RunError(
            f"there is no {settings.task} run in {settings.runs.absolute()} yet; make one with "
            "`heartfeat fit --head logistic`"
        )
    with _opened(store or settings.store, needed=report is not None) as opened:
        runs = read_runs(folders, opened)
        task = get_task(settings.task)
        table = compare_runs(runs)
        splits = {record.name: record.split_digest[:8] for record in records.values()}
        met = {record.name: counts(record.met_before) for record in records.values()}
        table = table.with_columns(
            split=pl.col("run").replace_strict(splits),
            seen_with_labels=pl.Series([met[run][0] for run in table["run"]], dtype=pl.Int64),
            seen_without_labels=pl.Series([met[run][1] for run in table["run"]], dtype=pl.Int64),
        )
        reference = first.name if first else table["run"][0]
        with show_progress() as update:
            differences = compare_with(task, runs, reference, update)
        if report is not None and opened is not None:
            title = f"{settings.cohort_name()}: {settings.task}"
            write_runs_report(report, title, folders, opened, differences)
    table = table.join(differences, on="run", how="left", maintain_order="left")
    if csv is not None:
        table.write_csv(csv)
    return table


@contextlib.contextmanager
def _opened(uri: str | Path, *, needed: bool) -> "Iterator[Store | None]":
    """The store, or None where it cannot be opened and is not needed."""
    from heartfeat.errors import StoreError
    from heartfeat.stores import open_store

    try:
        opened = open_store(uri)
    except StoreError:
        if needed:
            raise
        yield None
        return
    with opened:
        yield opened
