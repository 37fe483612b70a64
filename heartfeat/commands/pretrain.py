"""heartfeat pretrain"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import SetOption

if TYPE_CHECKING:
    from heartfeat.pretraining.train import Pretrained


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
    set: SetOption = None,
) -> "Pretrained":
    """Train a backbone on recordings alone, without labels, for `extract` to use like any other.

    An unfinished training of the same recipe goes on where it was stopped. On several GPUs: `accelerate launch -m
    heartfeat pretrain RECIPE`.

    Raises
    ------
    ConfigError
        When the recipe is missing or wrong, or the checkpoint is there already.
    RunError
        When what is kept of an unfinished training is of another recipe.
    """
    import shutil

    from heartfeat.commands.common import read_dataset
    from heartfeat.commands.progress import show_progress
    from heartfeat.config import load_tree, validate
    from heartfeat.cores import core_count
    from heartfeat.errors import ConfigError
    from heartfeat.pretraining.settings import PretrainSettings

    settings = validate(PretrainSettings, load_tree(recipe, set or ()), str(recipe))
    if out.exists() and not overwrite:
        raise ConfigError(f"{out} exists; give another --out, or --overwrite to replace it")

    from heartfeat.pretraining.accelerating import new_accelerator
    from heartfeat.pretraining.encoders import crop_grid, new_config, preprocessing_of
    from heartfeat.pretraining.sounds import list_sources, read_sounds
    from heartfeat.pretraining.train import pretrain_encoder

    accelerator = new_accelerator(device, precision)
    sources = [source for one in settings.data for source in list_sources(read_dataset(one), one.leave_out)]
    with show_progress() as update:
        grid = crop_grid(new_config(settings.encoder), settings.crops.seconds)
        sounds = read_sounds(sources, preprocessing_of(grid), workers or core_count(), update)
        if out.exists():
            shutil.rmtree(out)
        return pretrain_encoder(settings, sounds, out, accelerator, update)
