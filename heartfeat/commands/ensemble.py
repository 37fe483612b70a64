"""heartfeat ensemble"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import DEFAULT_CONFIG, ConfigOption, SetOption, StoreOption

if TYPE_CHECKING:
    from heartfeat.commands.fit import Fitted
    from heartfeat.training.runs import RunRecord


def ensemble(
    run: Annotated[list[str], typer.Argument(help="Runs to average, two or more.")],
    name: Annotated[
        str | None, typer.Option(help="Name of the new run [default: task-ensemble, numbered].")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run of the same name.")] = False,
    store: StoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    set: SetOption = None,
) -> "Fitted":
    """Average finished runs patient by patient into a new run: other seeds, heads or feature sets on the same split.

    The mean of the runs' calibrated probabilities is calibrated itself, per fold, on the averaged validation
    patients. The column `member_spread` says how far the runs disagree. The runs must stay where they are for
    predict to use the ensemble.

    Raises
    ------
    ConfigError
        When there are fewer than two runs.
    RunError
        When a run is missing, or runs are of another task, cohort or split; says what differs.
    """
    from heartfeat.commands.common import check_name, config_store, run_at
    from heartfeat.commands.ensemble_files import write_ensemble
    from heartfeat.commands.fit import Fitted
    from heartfeat.commands.progress import show_progress
    from heartfeat.commands.warn import say_loudly
    from heartfeat.config import load_config
    from heartfeat.errors import ConfigError, RunError
    from heartfeat.replace import is_there
    from heartfeat.stores import open_store
    from heartfeat.training.lacking_figures import lacking_figures
    from heartfeat.training.met_before import warnings
    from heartfeat.training.runs import check_same_cohort, load_record, new_run_name

    settings = load_config(config, set or ())
    members = [run_at(settings, member, config) for member in run]
    if len(dict.fromkeys(members)) < max(2, len(run)):
        raise ConfigError(f"an ensemble takes two runs or more, each once; got {', '.join(run)}")
    records = {member: load_record(member) for member in members}
    _check_alike(list(records.values()))
    task = next(iter(records.values())).task
    folder = settings.runs / check_name(name or new_run_name(settings.runs, f"{task}-ensemble"))
    if folder in records:
        raise RunError(f"{folder.name} is one of the runs to average; give the ensemble another --name")
    if is_there(folder, RunError) and not overwrite:
        raise RunError(f"{folder} exists; give the ensemble another --name, or --overwrite to replace it")
    with open_store(store or config_store(settings, config)) as opened, show_progress() as update:
        for record in records.values():
            check_same_cohort(record, opened)
        update("averaging and scoring", 0, 1)
        record, results = write_ensemble(folder, overwrite, records, opened, settings.calibration)
        update("averaging and scoring", 1, 1)
        say_loudly([*warnings(record.met_before), *lacking_figures(opened)])
    return Fitted(folder, record, results)


def _check_alike(records: "Sequence[RunRecord]") -> None:
    """Refuse runs that do not predict the same patients, by heads that saw the same ones."""
    from heartfeat.errors import RunError

    first = records[0]
    for record in records[1:]:
        differs = [
            f"{what} {getattr(first, field)[:12]} and {getattr(record, field)[:12]}"
            for what, field in (("task", "task"), ("cohort", "cohort_digest"), ("split", "split_digest"))
            if getattr(first, field) != getattr(record, field)
        ]
        if differs:
            raise RunError(
                f"{first.name} and {record.name} cannot be averaged: {', '.join(differs)} differ. Fit both on one "
                "split (--split) off one store"
            )
