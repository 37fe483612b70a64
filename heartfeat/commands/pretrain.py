"""heartfeat pretrain"""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import SetOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accelerate import Accelerator

    from heartfeat.pretraining.settings import PretrainSettings
    from heartfeat.pretraining.sounds import Source
    from heartfeat.pretraining.train import Pretrained
    from heartfeat.progress import DetailedProgress


EXAMPLE = "configs/pretrain_pcg.yaml, see docs/pretraining.md"


def pretrain(
    recipe: Annotated[
        Path, typer.Argument(help="yaml file with cohorts, encoder, objectives and length of the training.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the checkpoint.")] = Path("pretrained/encoder"),
    device: Annotated[str, typer.Option(help="auto (GPUs where there are any) or cpu.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto (bf16 on a GPU, else fp32), fp32 or bf16.")] = "auto",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that read recordings [default: the cores].")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a checkpoint of that name.")
    ] = False,
    tracker: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Log curves to tensorboard, wandb or mlflow. Repeatable."),
    ] = None,
    set: SetOption = None,
) -> "Pretrained":
    """Train a backbone on recordings alone, without labels, for `extract` to use like any other.

    An unfinished training of the same recipe goes on where it was stopped. On several GPUs: `accelerate launch
    --num_processes N -m heartfeat pretrain RECIPE`.

    Raises
    ------
    ConfigError
        When the recipe is missing or wrong, or the checkpoint is there already.
    RunError
        When what is kept of an unfinished training is of another recipe, or the loss is no number any more.
    """
    from heartfeat.config import load_tree, validate
    from heartfeat.cores import core_count
    from heartfeat.errors import ConfigError
    from heartfeat.pretraining.settings import PretrainSettings
    from heartfeat.replace import is_there
    from heartfeat.training.trackers import check_trackers

    tree = load_tree(recipe, set or (), f"write one after {EXAMPLE}")
    if not isinstance(tree.get("data"), list):
        raise ConfigError(
            f"{recipe} is no recipe, whose data is a list of cohorts; write one after {EXAMPLE}"
        )
    settings = validate(PretrainSettings, tree, str(recipe))
    check_trackers(tracker or ())
    if is_there(out, ConfigError) and not overwrite:
        raise ConfigError(f"{out} exists; give another --out, or --overwrite to replace it")

    from heartfeat.pretraining.accelerating import new_accelerator
    from heartfeat.pretraining.encoders import crop_grid, new_config, preprocessing_of
    from heartfeat.pretraining.sharing import read_once
    from heartfeat.pretraining.sounds import read_sounds
    from heartfeat.pretraining.train import pretrain_encoder, unfinished_folder

    accelerator = new_accelerator(device, precision)
    sources, left_out = _sources(settings)
    to = preprocessing_of(crop_grid(new_config(settings.encoder), settings.crops.seconds))
    with _progress_of(accelerator) as update:
        sounds = read_once(
            lambda: read_sounds(sources, to, workers or core_count(), update),
            unfinished_folder(out) / "sounds",
            accelerator,
        )
        return pretrain_encoder(settings, sounds, out, accelerator, update, left_out, tracker or ())


def _sources(settings: "PretrainSettings") -> "tuple[list[Source], dict[str, int]]":
    """The recordings to read, and by cohort how many patients have none among them."""
    from heartfeat.commands.common import read_dataset
    from heartfeat.pretraining.sounds import list_sources

    sources: list[Source] = []
    left_out = {}
    for one in settings.data:
        cohort = read_dataset(one)
        found = list_sources(cohort, one.leave_out)
        left_out[cohort.name] = cohort.patients.height - len({source.patient for source in found})
        sources += found
    return sources, left_out


@contextmanager
def _progress_of(accelerator: "Accelerator") -> "Iterator[DetailedProgress]":
    """Progress, shown by one process of several."""
    from heartfeat.commands.progress import show_progress
    from heartfeat.progress import silent

    if accelerator.is_main_process:
        with show_progress() as update:
            yield update
    else:
        yield silent
