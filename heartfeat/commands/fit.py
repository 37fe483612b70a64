"""heartfeat fit"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import DEFAULT_CONFIG, ConfigOption, SetOption, StoreOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel

    from heartfeat.config import Config
    from heartfeat.evaluation.results import Results
    from heartfeat.heads.monitor import Callback
    from heartfeat.training.protocol import Protocol
    from heartfeat.training.runs import RunRecord


@dataclass(frozen=True)
class Fitted:
    """A finished run: its folder, its record, what its test predictions are worth, and the runs that it averages."""

    folder: Path
    record: "RunRecord"
    results: "Results"
    members: tuple["Fitted", ...] = ()


def fit(
    head: Annotated[
        str | None, typer.Option(help="logistic, lgbm, linear, mlp, attention, mambaformer or a plug-in's.")
    ] = None,
    features: Annotated[
        list[str] | None, typer.Option(help="Feature set to use [default: all of the config]. Repeatable.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Run name [default: task-head, numbered].")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a run of that name, finished or not.")
    ] = False,
    split: Annotated[Path | None, typer.Option(help="Split file, in place of the config's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the head.")] = None,
    seeds: Annotated[
        str | None, typer.Option(help="Several seeds, such as 0,1,2: a run for each, and their ensemble.")
    ] = None,
    few_shot: Annotated[
        float | None, typer.Option(help="Share of the training persons that is kept, such as 0.1 or 0.01.")
    ] = None,
    linear_eval: Annotated[
        bool, typer.Option("--linear-eval", help="The head linear on the features alone; needs no --head.")
    ] = False,
    leave_out_site: Annotated[
        str | None, typer.Option(help="Test on this site, train on the others; all: each site in turn.")
    ] = None,
    allow_shared_persons: Annotated[
        bool, typer.Option("--allow-shared-persons", help="Accept a split with one person on two sides.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an unfinished run of that name, where there is one.")
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N, for the neural heads.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto (bf16 on a GPU, else fp32), fp32 or bf16.")] = "auto",
    jobs: Annotated[
        int,
        typer.Option(
            min=1, help="Folds, or networks of one fold, fitted at a time, each in its own process."
        ),
    ] = 1,
    tracker: Annotated[
        list[str] | None, typer.Option(help="tensorboard, wandb or mlflow. Repeatable.")
    ] = None,
    store: StoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    set: SetOption = None,
    *,
    callbacks: "Sequence[Callback]" = (),
) -> Fitted:
    """Fit a head on every fold off the store, predict the test patients, score them, and write runs/NAME/.

    The split file is made when it is not there yet and reused by every head. Test labels are read by the scoring
    alone. With --seeds, or --leave-out-site all, the runs are NAME-seed0, ... or NAME-AV, ..., and NAME is their
    ensemble.

    What is done is kept until the run is; --resume goes on from there, and on the CPU ends with the same bits as a run
    that was never stopped. --overwrite begins anew.

    Parameters
    ----------
    callbacks
        Called with a `heartfeat.Epoch` after every epoch of a neural head; may raise `heartfeat.StopTraining`.

    Raises
    ------
    ConfigError
        When the head, the task, a feature set or a tracker is not known.
    DeviceError
        When the device is not on this machine.
    SplitError
        When a person is on two sides of the split.
    StoreError
        When the store is missing, lacks the features, or holds another cohort than the config's data.
    RunError
        When a run of that name exists or was begun and may not be replaced, or what is kept of it is of other settings.
    """
    arguments = dict(locals())

    from heartfeat.commands.common import check_cohort, check_name, config_store, find_splits
    from heartfeat.commands.progress import show_progress
    from heartfeat.commands.run_files import write_run
    from heartfeat.commands.several_fits import fit_several
    from heartfeat.commands.warn import say_loudly
    from heartfeat.config import load_config
    from heartfeat.errors import RunError
    from heartfeat.replace import is_there
    from heartfeat.stores import open_store
    from heartfeat.tasks import get_task
    from heartfeat.training.experiment import run_experiment
    from heartfeat.training.feature_keys import check_settings
    from heartfeat.training.fitting import Fitting
    from heartfeat.training.kept_folds import keeping_folds
    from heartfeat.training.lacking_figures import lacking_figures
    from heartfeat.training.met_before import warnings
    from heartfeat.training.runs import new_run_name
    from heartfeat.training.trackers import TrackedRun, check_trackers, tracking
    from heartfeat.views import resolve_views

    settings = load_config(config, set or ())
    chosen, task = choose_head(settings, head, seed, linear_eval), get_task(settings.task)
    protocol = choose_protocol(chosen, few_shot, leave_out_site, linear_eval)
    names = features or list(settings.backbones)
    wanted = f"{task.name}-{head or 'linear'}{protocol.suffix()}"
    folder = settings.runs / check_name(name or new_run_name(settings.runs, wanted))
    if seeds is not None or leave_out_site == "all":
        return fit_several(settings, folder.name, arguments)
    if is_there(folder, RunError) and not overwrite:
        raise RunError(f"{folder} exists; give the run another --name, or --overwrite to replace it")
    check_trackers(tracker or ())
    about = TrackedRun(
        folder.name, task.name, head or "linear", chosen.model_dump(mode="json"), settings.runs.parent
    )
    with (
        open_store(store or config_store(settings, config)) as opened,
        show_progress() as update,
        keeping_folds(folder, resume, overwrite) as kept,
        tracking(tracker or (), about) as trackers,
    ):
        check_cohort(settings, opened)
        check_settings(settings.backbones, names, opened)
        experiment = run_experiment(
            opened,
            chosen,
            names,
            resolve_views(settings.views),
            task,
            lambda cohort: find_splits(settings, cohort, split),
            name=folder.name,
            allow_shared_persons=allow_shared_persons,
            protocol=protocol,
            fitting=Fitting(device, precision, jobs, (*callbacks, *trackers), kept=kept),
            progress=update,
        )
        update("scoring", 0, 1)
        results = write_run(folder, overwrite, experiment, opened, settings.calibration)
        update("scoring", 1, 1)
        trackers.finish(results.scores)
        say_loudly([*warnings(experiment.record.met_before), *lacking_figures(opened)])
    return Fitted(folder, experiment.record, results)


def choose_head(settings: "Config", head: str | None, seed: int | None, linear_eval: bool) -> "BaseModel":
    """Settings of the head that is asked for.

    Raises
    ------
    ConfigError
        When there is no such head, or linear evaluation is asked for with another.
    """
    from heartfeat.errors import ConfigError
    from heartfeat.heads.registry import head_names

    if linear_eval and head in (None, "linear"):
        return settings.head("linear", seed=seed, metadata=False, quality=False)
    if linear_eval:
        raise ConfigError(f"--linear-eval is the head linear on the features alone; leave --head {head} out")
    if head is None:
        raise ConfigError(f"name a head with --head; the heads are {', '.join(head_names())}")
    return settings.head(head, seed=seed)


def choose_protocol(
    head: "BaseModel", few_shot: float | None, leave_out_site: str | None, linear_eval: bool
) -> "Protocol":
    """What a head is shown; the few shots are drawn by its own seed.

    Raises
    ------
    ConfigError
        When the share of few shots is none.
    """
    from heartfeat.training.protocol import Protocol

    return Protocol(few_shot, getattr(head, "seed", 0), leave_out_site, linear_eval)
