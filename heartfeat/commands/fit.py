"""heartfeat fit"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import ConfigOption, SetOption, StoreOption

if TYPE_CHECKING:
    from heartfeat.evaluation.results import Results
    from heartfeat.stores.store import Store
    from heartfeat.training.experiment import Experiment
    from heartfeat.training.runs import RunRecord


@dataclass(frozen=True)
class Fitted:
    """A finished run: its folder, its record, and what its test predictions are worth."""

    folder: Path
    record: "RunRecord"
    results: "Results"


def fit(
    head: Annotated[
        str, typer.Option(help="logistic, lgbm, linear, mlp, attention, mambaformer or a plug-in's.")
    ],
    features: Annotated[
        list[str] | None, typer.Option(help="Feature set to use [default: all of the config]. Repeatable.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Run name [default: task-head, numbered].")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run of the same name.")] = False,
    split: Annotated[Path | None, typer.Option(help="Split file, in place of the config's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the head.")] = None,
    allow_shared_persons: Annotated[
        bool, typer.Option("--allow-shared-persons", help="Accept a split with one person on two sides.")
    ] = False,
    store: StoreOption = None,
    config: ConfigOption = Path("heartfeat.yaml"),
    set: SetOption = None,
) -> Fitted:
    """Fit a head on every fold off the store, predict the test patients, score them, and write runs/NAME/.

    The split file is made when it is not there yet and reused by every head. Test labels are read by the scoring
    alone.

    Raises
    ------
    ConfigError
        When the head, the task or a feature set is not known.
    SplitError
        When a person is on two sides of the split.
    StoreError
        When the store is missing or lacks the features.
    RunError
        When a run of that name exists and may not be replaced.
    """
    from heartfeat.commands.common import find_splits
    from heartfeat.commands.progress import show_progress
    from heartfeat.config import load_config
    from heartfeat.errors import ConfigError, RunError
    from heartfeat.stores import open_store
    from heartfeat.tasks import get_task
    from heartfeat.training.experiment import run_experiment
    from heartfeat.training.feature_keys import check_settings
    from heartfeat.training.runs import new_run_name
    from heartfeat.views import resolve_views

    settings = load_config(config, set or ())
    chosen, task = settings.head(head, seed=seed), get_task(settings.task)
    names = features or list(settings.backbones)
    if name is not None and (name.startswith(".") or Path(name).name != name):
        raise ConfigError(f"--name {name!r} must be a plain folder name, without separators and leading dot")
    folder = settings.runs / (name or new_run_name(settings.runs, f"{task.name}-{head}"))
    if folder.exists() and not overwrite:
        raise RunError(f"{folder} exists; give the run another --name, or --overwrite to replace it")
    with open_store(store or settings.store) as opened, show_progress() as update:
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
            progress=update,
        )
        return _write(folder, overwrite, experiment, opened)


def _write(folder: Path, overwrite: bool, experiment: "Experiment", store: "Store") -> Fitted:
    import json

    import polars as pl

    from heartfeat.evaluation.predictions import save_predictions
    from heartfeat.evaluation.results import judge, save_results, tabulate, with_labels
    from heartfeat.tasks import get_task
    from heartfeat.training.runs import save_record, writing_run
    from heartfeat.training.saved_heads import save_state

    task, folds = get_task(experiment.record.task), experiment.folds
    predictions = pl.concat(
        tabulate(
            task,
            fold.test.patients["patient"].to_list(),
            fold.test.patients["person"].to_list(),
            fold.number,
            fold.prediction.patients,
        )
        for fold in folds
    )
    predictions = with_labels(task, predictions, store.patients)
    results = judge(task, predictions, store.patients)
    with writing_run(folder, overwrite) as beside:
        for fold in folds:
            save_state(fold.head.state(), beside / f"fold{fold.number}")
        history = [fold.history for fold in folds]
        (beside / "history.json").write_text(json.dumps(history, indent=1) + "\n", encoding="utf-8")
        save_predictions(predictions, beside)
        save_results(results, beside)
        save_record(experiment.record, beside)
    return Fitted(folder, experiment.record, results)
