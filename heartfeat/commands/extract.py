"""heartfeat extract"""

from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import DEFAULT_CONFIG, ConfigOption, SetOption, StoreOption

if TYPE_CHECKING:
    from heartfeat.backbones.settings import BackboneSettings
    from heartfeat.extraction.summary import ExtractionSummary


def extract(
    gpus: Annotated[str | None, typer.Option(help="GPUs to use, such as 0-7 or 0,2.")] = None,
    device: Annotated[str, typer.Option(help="auto (GPUs where there are any), cpu or cuda.")] = "auto",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes on the CPU [default: the cores].")
    ] = None,
    views: Annotated[
        str | None, typer.Option(help="none, tta5, tta7, or a list such as clean,gain-6,noise20.")
    ] = None,
    backbone: Annotated[
        list[str] | None, typer.Option(help="Extract only this backbone of the config. Repeatable.")
    ] = None,
    windows: Annotated[
        str | None,
        typer.Option(
            help="fixed, or cycles: windows at heartbeats, as feature sets of their own (NAME-cycles)."
        ),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Work on this Ray cluster, such as auto, in place of this machine.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Windows per forward pass.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad recording.")] = False,
    drop_missing: Annotated[
        bool,
        typer.Option(
            "--drop-missing",
            help="Let go of stored recordings that the data lack or that have no file any more.",
        ),
    ] = False,
    store: StoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    set: SetOption = None,
) -> "ExtractionSummary":
    """Run the frozen backbones over every recording once, into the store.

    Resumes by itself and does only what is missing. Bad recordings are skipped, counted and reported, with exit
    code 3. Nothing stored leaves the store unless ``drop_missing`` says so.

    Raises
    ------
    DeviceError
        When a GPU is asked for that is not there.
    RecordingError
        With ``strict``, at the first recording that cannot be used.
    StoreError
        When the store is damaged or in use, or holds recordings that the data lack.
    """
    from functools import partial

    from heartfeat.commands.common import read_cohort
    from heartfeat.commands.progress import show_progress
    from heartfeat.config import load_config
    from heartfeat.errors import ConfigError
    from heartfeat.extraction.devices import check_choice, choose_devices
    from heartfeat.extraction.engine import run_extraction
    from heartfeat.views import resolve_views

    check_choice(gpus, device)
    settings = load_config(config, set or ())
    names = backbone or list(settings.backbones)
    unknown = [name for name in names if name not in settings.backbones]
    if unknown:
        raise ConfigError(f"{config} has no backbone {unknown[0]!r}; it has {', '.join(settings.backbones)}")
    with show_progress() as update:
        return run_extraction(
            read_cohort(settings),
            store or settings.store,
            [_with_windows(settings.backbones[name], windows) for name in names],
            resolve_views(views or settings.views),
            devices=partial(choose_devices, gpus=gpus, device=device, workers=workers),
            cluster=cluster,
            batch_size=batch_size,
            strict=strict,
            drop_missing=drop_missing,
            progress=update,
        )


def _with_windows(backbone: "BackboneSettings", windows: str | None) -> "BackboneSettings":
    """A backbone with other windows than its settings say, as a feature set beside the one it would fill."""
    from heartfeat.errors import ConfigError

    if windows not in (None, "fixed", "cycles"):
        raise ConfigError(f"--windows is {windows!r}; choose fixed or cycles")
    if windows is None or windows == backbone.windows or backbone.windows == "beats":
        return backbone
    return backbone.model_copy(update={"windows": windows, "name": f"{backbone.name}-{windows}"})
