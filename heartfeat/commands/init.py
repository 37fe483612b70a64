"""heartfeat init"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import DEFAULT_CONFIG

if TYPE_CHECKING:
    from heartfeat.config import Config


def init(
    circor: Annotated[
        Path | None, typer.Option(help="Folder of CirCor DigiScope (holds training_data.csv).")
    ] = None,
    physionet2016: Annotated[
        Path | None, typer.Option(help="Folder of the 2016 Challenge (holds training-a, training-b, ...).")
    ] = None,
    pascal: Annotated[
        Path | None, typer.Option(help="Folder of the PASCAL heart sounds (holds set_a.csv, set_b.csv).")
    ] = None,
    own: Annotated[
        Path | None,
        typer.Option(help="Recordings of your own: a csv table of them, or a folder of wav and FLAC files."),
    ] = None,
    config: Annotated[Path, typer.Option("--config", "-c", help="File to write.")] = DEFAULT_CONFIG,
    store: Annotated[
        str | None,
        typer.Option(
            help="Store to be filled, a .zarr folder or an .h5 file [default: stores/DATASET.zarr]."
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            help="What the heads predict: murmur, outcome, normal_abnormal or pascal [default: the dataset's, "
            "or the first that it has labels for]."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> "Config":
    """Write heartfeat.yaml: where the data are, which store, which features, which task, which split.

    The features are heart beats and those of heartfeat-pcg, the backbone that comes with the package. Fit a head on one
    of them with `--features`; add others under `backbones`.
    The cohort is read once, so that a wrong folder is found now and not after an hour.

    Raises
    ------
    ConfigError
        When no dataset is named, or several are, or it has no labels for the task, or the file exists.
    CohortError
        When the path does not hold the dataset.
    StoreError
        When no store can have that name.
    """
    from heartfeat.cohorts.catalogue import DATASETS
    from heartfeat.commands.common import read_cohort
    from heartfeat.config import dump_config, parse_config
    from heartfeat.errors import ConfigError
    from heartfeat.stores.location import local_path, locate
    from heartfeat.tasks import get_task, labelled_tasks

    given = {"circor": circor, "physionet2016": physionet2016, "pascal": pascal, "own": own}
    named = {cohort: path for cohort, path in given.items() if path is not None}
    if not named:
        raise ConfigError(
            "name a dataset, such as --circor PATH or --own PATH; without data, try `heartfeat demo`"
        )
    if len(named) > 1:
        raise ConfigError(f"name one dataset, not {' and '.join(f'--{cohort}' for cohort in named)}")
    ((cohort, path),) = named.items()
    if config.exists() and not force:
        raise ConfigError(f"{config} exists; give --force to replace it, or --config for another name")
    wanted = get_task(task or DATASETS[cohort].task).name
    data = {"cohort": cohort, "path": str(path.expanduser().resolve())}
    store = store or f"stores/{cohort}.zarr"
    local_path(locate(store))
    backbones = {
        "beats": {"family": "beats"},
        "pcg": {"family": "transformers", "model": "heartfeat-pcg"},
    }
    tree = {"data": data, "store": store, "backbones": backbones, "task": wanted}
    parsed = parse_config(tree, str(config))
    labelled = labelled_tasks(read_cohort(parsed).patients)
    if task is not None and wanted not in labelled:
        raise ConfigError(
            f"{cohort} has no labels for --task {wanted}; tasks it has labels for: {', '.join(labelled) or 'none'}"
        )
    if labelled and wanted not in labelled:
        parsed = parsed.model_copy(update={"task": labelled[0]})
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(
        f"# heartfeat experiment; every key is explained in docs/config.md\n{dump_config(parsed)}"
    )
    return parsed
