"""heartfeat finetune"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import DEFAULT_CONFIG, ConfigOption, SetOption

if TYPE_CHECKING:
    from heartfeat.backbones.settings import TransformersSettings
    from heartfeat.config import Config
    from heartfeat.finetuning.train import Finetuned


def finetune(
    backbone: Annotated[
        str | None,
        typer.Option(help="Backbone of the config, of family transformers [default: the only one]."),
    ] = None,
    fold: Annotated[int, typer.Option(min=0, help="Fold whose training patients are learned from.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the checkpoint [default: finetuned/BACKBONE-TASK-foldN].")
    ] = None,
    split: Annotated[Path | None, typer.Option(help="Split file, in place of the config's.")] = None,
    allow_shared_persons: Annotated[
        bool, typer.Option("--allow-shared-persons", help="Accept a split with one person on two sides.")
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto (bf16 on a GPU, else fp32), fp32 or bf16.")] = "auto",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that read recordings [default: the cores].")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a checkpoint of that name.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    set: SetOption = None,
) -> "Finetuned":
    """Fine-tune a backbone on a task's labels, for `extract` to use like any other.

    In stages, which the config's key `finetune` sets: the linear head first, then the top layers, then all of them.
    Validation patients pick the best epoch; of the fold's test patients neither recordings nor labels are read. The
    checkpoint remembers whom it has seen, and its split.json holds the one fold whose test patients it may be judged
    on. An unfinished training of the same settings goes on where it was stopped.

    Raises
    ------
    ConfigError
        When the backbone is none that can be fine-tuned, nothing can be learned from, or the checkpoint is there.
    BackboneError
        When the backbone's weights are missing.
    DeviceError
        When the device is not on this machine.
    SplitError
        When a person is on two sides of the split, or there is no such fold.
    RunError
        When what is kept of an unfinished training is of another one.
    """
    from heartfeat.commands.common import find_splits, read_cohort
    from heartfeat.commands.progress import show_progress
    from heartfeat.commands.warn import say_loudly
    from heartfeat.config import load_config
    from heartfeat.cores import core_count
    from heartfeat.errors import ConfigError, SplitError
    from heartfeat.replace import is_there

    settings = load_config(config, set or ())
    chosen = choose_backbone(settings, backbone)
    folder = Path(out or Path("finetuned") / f"{chosen.name}-{settings.task}-fold{fold}")
    if is_there(folder, ConfigError) and not overwrite:
        raise ConfigError(f"{folder} exists; give another --out, or --overwrite to replace it")
    if Path(chosen.model).exists() and folder.resolve() == Path(chosen.model).resolve():
        raise ConfigError(f"{folder} is the checkpoint to begin with; give another --out")

    from heartfeat.backbones.load import describe_backbone
    from heartfeat.backbones.trained_on import familiar
    from heartfeat.cohorts.split_check import check_splits
    from heartfeat.cohorts.splits import Splits, save_splits
    from heartfeat.finetuning.sides import sides_of
    from heartfeat.finetuning.train import Plan, finetune_backbone
    from heartfeat.heads.neural.compute import choose_compute
    from heartfeat.tasks import get_task
    from heartfeat.training.validation_scores import ValidationScores

    compute, task, cohort = choose_compute(device, precision), get_task(settings.task), read_cohort(settings)
    splits = find_splits(settings, cohort, split)
    check_splits(splits, cohort, allow_shared_persons=allow_shared_persons)
    if fold >= len(splits.folds):
        raise SplitError(f"there is no fold {fold}; the split has {len(splits.folds)}, counted from 0")
    one = splits.folds[fold]
    alone = Splits("given", None, cohort.digest(), (one,))
    plan = Plan(
        settings=settings.finetune,
        backbone=chosen,
        task=task,
        sides=sides_of(cohort, one, task),
        described={"task": task.name, "fold": fold, "backbone": chosen.name},
        score=ValidationScores(task),
        compute=compute,
        jobs=workers or core_count(),
        add=lambda beside: save_splits(alone, beside / "split.json"),
    )
    trainings = {chosen.name: describe_backbone(chosen).trained_on}
    persons = dict(cohort.patients.select("patient", "person").iter_rows())
    whom, so = f"test patients of fold {fold}", "the new checkpoint inherits that"
    met = familiar(trainings, cohort.name, persons, whom, so, one.test)
    with show_progress() as update:
        done = finetune_backbone(plan, folder, update)
    say_loudly(met)
    return done


def choose_backbone(settings: "Config", name: str | None) -> "TransformersSettings":
    """The backbone of that name, or the only one that has weights.

    Raises
    ------
    ConfigError
        When there is none or several, or it has no weights.
    """
    from heartfeat.backbones.settings import TransformersSettings
    from heartfeat.errors import ConfigError

    trainable = {key: one for key, one in settings.backbones.items() if isinstance(one, TransformersSettings)}
    there = f"those of family transformers are: {', '.join(trainable) or 'none'}"
    if name is None and len(trainable) == 1:
        return next(iter(trainable.values()))
    if name is None:
        raise ConfigError(f"name the backbone to fine-tune with --backbone; {there}")
    if name not in trainable:
        why = "has no weights to be trained" if name in settings.backbones else "is not in the config"
        raise ConfigError(f"the backbone {name!r} {why}; {there}")
    return trainable[name]
