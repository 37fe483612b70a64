"""What several commands take and do alike."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from heartfeat.cohorts.cohort import Cohort
    from heartfeat.cohorts.folds import Splits
    from heartfeat.config import Config, DataConfig
    from heartfeat.stores.store import Store

DEFAULT_CONFIG = Path("heartfeat.yaml")

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The experiment's yaml file.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override one setting, such as split.folds=3. Repeatable."
    ),
]
StoreArgument = Annotated[str | None, typer.Argument(help="Store [default: the config's].")]
StoreOption = Annotated[str | None, typer.Option(help="Feature store, in place of the config's.")]


def check_name(name: str) -> str:
    """``name``, if it can be that of a folder.

    Raises
    ------
    ConfigError
        When it cannot.
    """
    from heartfeat.errors import ConfigError

    if name.startswith(".") or Path(name).name != name:
        raise ConfigError(f"--name {name!r} must be a plain folder name, without separators and leading dot")
    return name


def read_cohort(config: "Config") -> "Cohort":
    """The cohort that a config names.

    Raises
    ------
    ConfigError
        When the config says nothing of data.
    """
    from heartfeat.errors import ConfigError

    if config.data is None:
        raise ConfigError("this needs the recordings; add data.path to the config, or run `heartfeat init`")
    return read_dataset(config.data)


def read_dataset(data: "DataConfig") -> "Cohort":
    """The cohort in a dataset's folder."""
    from heartfeat.cohorts.catalogue import DATASETS

    return DATASETS[data.cohort].read(data.path, data.name or data.cohort)


def here(path: str | Path, config: Path) -> Path:
    """A path of the config, which starts at the working folder.

    Raises
    ------
    ConfigError
        When nothing is there, and something is where the path would be if it started at the config's own folder.
    """
    from heartfeat.errors import ConfigError

    path, folder = Path(path), Path(config).absolute().parent
    if not path.exists() and (folder / path).exists():
        raise ConfigError(
            f"there is no {path.absolute()}: paths in a config start at the working folder, and {path} lies in "
            f"{folder}; run it from there"
        )
    return path


def config_store(config: "Config", file: Path) -> str:
    """The store of the config that was read from ``file``."""
    here(config.store, file)
    return config.store


def run_at(config: "Config", run: str, file: Path) -> Path:
    """The folder of a run, of which the name is given or the path, as commands print it."""
    runs, given = config.runs, Path(run)
    name = given.name if given.absolute().parent == runs.absolute() else run
    return here(runs / name, file)


def check_cohort(config: "Config", store: "Store") -> None:
    """Refuse a store of another cohort than the config's data, whose name split files bear.

    Raises
    ------
    StoreError
        When the config names data and the store holds others.
    """
    from heartfeat.errors import StoreError

    held = str(store.attrs.get("cohort", ""))
    if config.data is not None and held not in ("", config.cohort_name()):
        raise StoreError(
            f"the store {store.uri} holds {held!r}, the config's data is {config.cohort_name()!r}; name the store of "
            "these data with --store or store: in the config, or leave data out of the config"
        )


def find_splits(
    config: "Config", cohort: "Cohort", file: Path | None = None, overwrite: bool = False
) -> "Splits":
    """The split of a config: read from its file where there is one, else made and written there.

    Parameters
    ----------
    file
        A file that must be there, in place of the config's.
    overwrite
        Make it anew even if the file is there.

    Raises
    ------
    SplitError
        When the file is missing or damaged, holds another split than the config wants, or no such split can
        be made.
    """
    from heartfeat.cohorts.splits import holdout, kfold, leave_one_out, load_splits, save_splits
    from heartfeat.tasks import get_task

    path, wanted = config.split_file(), config.split
    if file is not None:
        return load_splits(file)
    if path.exists() and not overwrite:
        return _reused(load_splits(path), path, config, cohort)
    label = get_task(config.task).patient_label
    if wanted.kind == "kfold":
        made = kfold(cohort, label, folds=wanted.folds, seed=wanted.seed)
    elif wanted.by is not None:
        made = leave_one_out(cohort, label, by=wanted.by, seed=wanted.seed)
    else:
        made = holdout(cohort, label, fractions=wanted.fractions, seed=wanted.seed)
    save_splits(made, path, overwrite=overwrite)
    return made


def _reused(found: "Splits", path: Path, config: "Config", cohort: "Cohort") -> "Splits":
    """A split from its file, unless it was made here for other settings or other patients."""
    from heartfeat.errors import SplitError

    if found.kind == "given":
        return found
    wanted = config.split
    differs = []
    if (found.kind, found.seed) != (wanted.kind, wanted.seed):
        differs.append(f"is {found.kind} with seed {found.seed}, not {wanted.kind} with seed {wanted.seed}")
    elif wanted.kind == "kfold" and len(found.folds) != wanted.folds:
        differs.append(f"has {len(found.folds)} folds, not {wanted.folds}")
    elif found.by != wanted.by:
        differs.append(f"leaves out one {found.by} at a time, not one {wanted.by}")
    divided = {patient for fold in found.folds for side in fold.sides().values() for patient in side}
    if divided != set(cohort.patients["patient"]):
        differs.append("divides other patients than the cohort has")
    if differs:
        raise SplitError(
            f"the split in {path} {' and '.join(differs)}; make it anew with `heartfeat splits --overwrite`, or "
            "name another split.file"
        )
    return found
