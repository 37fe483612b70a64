"""heartfeat init"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from heartfeat.config import Config


def init(
    circor: Annotated[
        Path | None, typer.Option(help="Folder of CirCor DigiScope (holds training_data.csv).")
    ] = None,
    config: Annotated[Path, typer.Option("--config", "-c", help="File to write.")] = Path("heartfeat.yaml"),
    store: Annotated[
        str, typer.Option(help="Store that extraction fills: a .zarr folder or an .h5 file.")
    ] = ("stores/circor.zarr"),
    task: Annotated[str, typer.Option(help="What the heads predict: murmur or outcome.")] = "murmur",
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> "Config":
    """Write heartfeat.yaml: where the data are, which store, which task, which split.

    The cohort is read once, so that a wrong folder is found now and not after an hour.

    Raises
    ------
    ConfigError
        When no dataset is named or the file exists.
    CohortError
        When the folder does not hold the dataset.
    """
    from heartfeat.commands.common import read_cohort
    from heartfeat.config import dump_config, parse_config
    from heartfeat.errors import ConfigError
    from heartfeat.tasks import get_task

    if circor is None:
        raise ConfigError("name a dataset, such as --circor PATH; without data, try `heartfeat demo`")
    if config.exists() and not force:
        raise ConfigError(f"{config} exists; give --force to replace it, or --config for another name")
    get_task(task)
    data = {"cohort": "circor", "path": str(circor.expanduser().resolve())}
    parsed = parse_config({"data": data, "store": store, "task": task}, str(config))
    read_cohort(parsed)
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(
        f"# heartfeat experiment; every key is explained in docs/config.md\n{dump_config(parsed)}"
    )
    return parsed
