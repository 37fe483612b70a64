"""heartfeat sweep"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import DEFAULT_CONFIG, ConfigOption, SetOption, StoreOption

if TYPE_CHECKING:
    import polars as pl

    from heartfeat.training.sweep_trials import Trial


@dataclass(frozen=True)
class Sweep:
    """A finished sweep: its folder, its trials, the best of them, and the config that ``fit`` takes for it.

    Attributes
    ----------
    score
        Name of the score that trials were judged by.
    trials
        One row per trial, by number; see :func:`heartfeat.training.sweep_trials.trial_table`.
    command
        What fits the best settings.
    """

    folder: Path
    head: str
    score: str
    trials: "pl.DataFrame"
    best: "Trial"
    config: Path
    command: str


def sweep(
    head: Annotated[str, typer.Option(help="Head whose settings are tried.")],
    grid: Annotated[
        list[str] | None, typer.Option(metavar="KEY=V1,V2", help="Values of one setting to try. Repeatable.")
    ] = None,
    space: Annotated[Path | None, typer.Option(help="yaml file: per setting a list or a range.")] = None,
    search: Annotated[str, typer.Option(help="grid (every combination) or tpe (Optuna).")] = "grid",
    trials: Annotated[int | None, typer.Option(min=1, help="Trials of tpe [default: 20].")] = None,
    score: Annotated[
        str | None,
        typer.Option(help="Score to go by, on validation patients [default: the task's main score]."),
    ] = None,
    folds: Annotated[str | None, typer.Option(help="Folds to use, such as 0,1 [default: all].")] = None,
    features: Annotated[
        list[str] | None, typer.Option(help="Feature set to use [default: all of the config]. Repeatable.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Sweep name [default: task-head].")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Begin a sweep of this name anew.")] = False,
    split: Annotated[Path | None, typer.Option(help="Split file, in place of the config's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the head and of the search.")] = None,
    allow_shared_persons: Annotated[
        bool, typer.Option("--allow-shared-persons", help="Accept a split with one person on two sides.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Trials at a time [default: one per device].")
    ] = None,
    devices: Annotated[str, typer.Option(help="auto, cpu, or GPUs such as cuda:0,cuda:1.")] = "auto",
    store: StoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    set: SetOption = None,
) -> Sweep:
    """Try settings of a head on the folds' validation patients, and save the best as a config that fit takes.

    Test patients are neither predicted nor looked at. Every finished trial is a row of sweeps/NAME/trials.csv; the
    same command goes on where it was stopped. A trial that fails is a row that says why.

    Raises
    ------
    ConfigError
        When there is nothing to try, a setting or the score is not known, or Optuna is wanted and missing.
    SplitError
        When a person is on two sides of the split, or there is no such fold.
    StoreError
        When the store is missing, lacks the features, or holds another cohort than the config's data.
    RunError
        When a sweep of that name was about something else or is at work in another process, or no trial has a score.
    """
    import shutil

    from heartfeat.commands.common import check_cohort, check_name, config_store, find_splits
    from heartfeat.commands.progress import show_progress
    from heartfeat.commands.sweep_setup import (
        best_config,
        check_choices,
        chosen_devices,
        chosen_folds,
        chosen_score,
        chosen_search,
        fit_command,
        identity,
    )
    from heartfeat.commands.warn import say_loudly
    from heartfeat.config import load_config
    from heartfeat.errors import RunError
    from heartfeat.locks import held
    from heartfeat.stores import open_store
    from heartfeat.tasks import get_task
    from heartfeat.training.experiment import stored_cohort
    from heartfeat.training.feature_keys import check_settings
    from heartfeat.training.met_before import CHOICES, met_by_fold, warnings
    from heartfeat.training.sweep import run_sweep
    from heartfeat.training.sweep_score import SweepJob
    from heartfeat.training.sweep_space import read_space
    from heartfeat.training.sweep_trials import check_same_sweep
    from heartfeat.views import resolve_views

    settings = load_config(config, set or ())
    base, task = settings.head(head, seed=seed), get_task(settings.task)
    names, judged = features or list(settings.backbones), chosen_score(task, score)
    tried = read_space(head, grid or (), space)
    proposals = chosen_search(tried, search, trials, getattr(base, "seed", 0), judged)
    places = chosen_devices(head, devices, jobs)
    folder = settings.runs.parent / "sweeps" / check_name(name or f"{task.name}-{head}")
    with open_store(store or config_store(settings, config)) as opened:
        check_cohort(settings, opened)
        check_settings(settings.backbones, names, opened)
        cohort = stored_cohort(opened)
        splits = find_splits(settings, cohort, split)
        used = chosen_folds(splits, folds, cohort, allow_shared_persons)
        job = SweepJob(
            store=str(store or settings.store),
            features=tuple(names),
            views=tuple(resolve_views(settings.views)),
            task=task,
            head=head,
            base=base.model_dump(mode="json"),
            folds=used,
            score=judged,
        )
        about = identity(job, opened, search)
        judging = [used[number].valid if number in used else () for number in range(max(used) + 1)]
        say_loudly(warnings(met_by_fold(opened, names, judging), CHOICES, "validation patients"))
    check_choices(job, tried)
    command = fit_command(head, folder / "best.yaml", allow_shared_persons)

    def save_best(best: "Trial") -> None:
        best_config(settings, job, best, splits, split, folder, command)

    taken = RunError(f"another process is at work on the sweep {folder}; wait for it, or give another --name")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with held(folder.with_name(f".{folder.name}.held"), taken), show_progress() as update:
        if overwrite and folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(exist_ok=True)
        check_same_sweep(about, folder)
        table, best = run_sweep(job, proposals, places, folder, save_best, update)
    if best is None:
        first = table["error"].drop_nulls()
        raise RunError(f"none of {table.height} trials has a score; the first says: {first[0]}")
    return Sweep(folder, head, judged, table, best, folder / "best.yaml", command)
