"""heartfeat splits"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import DEFAULT_CONFIG, ConfigOption, SetOption

if TYPE_CHECKING:
    from heartfeat.cohorts.folds import Splits


def splits(
    file: Annotated[
        Path | None, typer.Option(help="Check this split file, in place of the config's.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Make the split anew even if the file is there.")
    ] = False,
    allow_shared_persons: Annotated[
        bool, typer.Option("--allow-shared-persons", help="Accept a split with one person on two sides.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    set: SetOption = None,
) -> "Splits":
    """Make the config's split once, grouped by person and stratified by label, or check the file that is there.

    Raises
    ------
    SplitError
        When a split has one person on two sides (unless allowed), or names patients that the cohort lacks.
    """
    from heartfeat.cohorts.splits import check_splits
    from heartfeat.commands.common import find_splits, read_cohort
    from heartfeat.config import load_config

    settings = load_config(config, set or ())
    cohort = read_cohort(settings)
    made = find_splits(settings, cohort, file, overwrite)
    check_splits(made, cohort, allow_shared_persons=allow_shared_persons)
    return made
