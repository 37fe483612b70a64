"""heartfeat cohort"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import DEFAULT_CONFIG, ConfigOption, SetOption

if TYPE_CHECKING:
    from heartfeat.cohorts.cohort import Cohort


def cohort(
    export: Annotated[
        Path | None, typer.Option(help="Write one joined table: .csv, .json or .parquet by its suffix.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    set: SetOption = None,
) -> "Cohort":
    """Read the cohort, check it, and show what is in it.

    The exported table has a row per recording: patient, person, site, path, labels per patient and per
    recording, metadata, and the sides of the split where a split file exists.
    """
    import sys

    from heartfeat.cohorts.splits import load_splits
    from heartfeat.cohorts.tables import export_cohort
    from heartfeat.commands.common import read_cohort
    from heartfeat.config import load_config

    settings = load_config(config, set or ())
    found = read_cohort(settings)
    if export is not None:
        split_file = settings.split_file()
        export_cohort(found, export, load_splits(split_file) if split_file.exists() else None)
        print(f"{export.absolute()} is written", file=sys.stderr)
    return found
