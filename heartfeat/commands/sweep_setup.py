"""From the arguments of `heartfeat sweep` to what a sweep is made of."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heartfeat.cohorts.cohort import Cohort
    from heartfeat.cohorts.folds import Fold, Splits
    from heartfeat.config import Config
    from heartfeat.stores.store import Store
    from heartfeat.tasks import Task
    from heartfeat.training.sweep_score import SweepJob
    from heartfeat.training.sweep_search import Search
    from heartfeat.training.sweep_space import Space
    from heartfeat.training.sweep_trials import Trial

TRIALS = 20
"""Trials of a search that names no number."""


def chosen_score(task: "Task", score: str | None) -> str:
    """The score to go by.

    Raises
    ------
    ConfigError
        When there is no such score.
    """
    from heartfeat.errors import ConfigError
    from heartfeat.evaluation.scores import main_score
    from heartfeat.training.sweep_score import score_names

    names = score_names(task)
    if score is not None and score not in names:
        raise ConfigError(
            f"there is no score {score!r} of the task {task.name}; scores are {', '.join(names)}"
        )
    return score or main_score(task)


def chosen_search(space: "Space", search: str, trials: int | None, seed: int, score: str) -> "Search":
    """What proposes settings.

    Raises
    ------
    ConfigError
        When there is no such search, or the space or the number of trials does not go with it.
    """
    from heartfeat.errors import ConfigError
    from heartfeat.training.sweep_score import LOWER_IS_BETTER
    from heartfeat.training.sweep_search import GridSearch, TpeSearch

    if search == "tpe":
        return TpeSearch(space, trials or TRIALS, seed, lower_is_better=score in LOWER_IS_BETTER)
    if search != "grid":
        raise ConfigError(f"there is no search {search!r}; choose grid or tpe")
    if trials is not None:
        raise ConfigError("--trials is for --search tpe; a grid tries every combination once")
    return GridSearch(space)


def chosen_devices(head: str, devices: str, jobs: int | None) -> tuple[str, ...]:
    """One entry per trial at a time; more jobs than devices share them in turn.

    Raises
    ------
    ConfigError, DeviceError
        When a device is not known, not on this machine, or not for this head.
    """
    from heartfeat.heads.registry import head_class
    from heartfeat.training.fitting import Fitting

    named = tuple(part.strip() for part in devices.split(","))
    if devices == "auto":
        named = _gpus() if getattr(head_class(head), "uses_device", False) else ("cpu",)
    for device in named:
        Fitting(device=device, precision="auto").compute(head_class(head))
    return tuple(named[number % len(named)] for number in range(jobs or len(named)))


def _gpus() -> tuple[str, ...]:
    from heartfeat.extraction.devices import gpu_count

    return tuple(f"cuda:{number}" for number in range(gpu_count())) or ("cpu",)


def chosen_folds(
    splits: "Splits", folds: str | None, cohort: "Cohort", allow_shared_persons: bool
) -> "dict[int, Fold]":
    """The folds to use, by number.

    Raises
    ------
    SplitError
        When the split has no such fold, does not fit the cohort, or people cross and may not.
    """
    from heartfeat.cohorts.splits import check_splits
    from heartfeat.errors import SplitError

    check_splits(splits, cohort, allow_shared_persons=allow_shared_persons)
    everything = dict(enumerate(splits.folds))
    if folds is None:
        return everything
    wanted = [part.strip() for part in folds.split(",")]
    unknown = [part for part in wanted if not (part.isascii() and part.isdigit() and int(part) in everything)]
    if unknown:
        raise SplitError(
            f"--folds {folds!r}: there is no fold {unknown[0]!r}; the split has the folds 0 to {len(everything) - 1}"
        )
    return {number: fold for number, fold in everything.items() if number in set(map(int, wanted))}


def check_choices(job: "SweepJob", space: "Space") -> None:
    """Refuse a value that the head does not take at all, before anything is fitted.

    Raises
    ------
    ConfigError
        Names the setting.
    """
    from heartfeat.training.sweep_space import Range

    for key, values in space.settings.items():
        for value in (values.low, values.high) if isinstance(values, Range) else values:
            job.settings({key: value})


def identity(job: "SweepJob", store: "Store", search: str) -> dict[str, Any]:
    """What must be the same for trials to stand in one table, as JSON."""
    from heartfeat.training.runs import RUN_FORMAT

    return {
        "format": RUN_FORMAT,
        "head": job.head,
        "settings": dict(job.base),
        "task": job.task.name,
        "features": {name: store.features(name).attrs["core_key"] for name in job.features},
        "views": list(job.views),
        "cohort": str(store.attrs.get("cohort_digest", "")),
        "folds": {str(number): fold.sides() for number, fold in job.folds.items()},
        "score": job.score,
        "search": search,
    }


def fit_command(head: str, config: Path, allow_shared_persons: bool) -> str:
    """The command that fits what a sweep found, on its split."""
    import shlex

    words = ["heartfeat", "fit", "--head", head, "--config", str(config)]
    return shlex.join([*words, "--allow-shared-persons"] if allow_shared_persons else words)


def best_config(
    config: "Config",
    job: "SweepJob",
    best: "Trial",
    splits: "Splits",
    split: Path | None,
    folder: Path,
    command: str,
) -> None:
    """Write ``best.yaml``: the config of the sweep with the settings of its best trial, under ``command``."""
    from heartfeat.config import dump_config
    from heartfeat.replace import replace_file

    backbones = {name: config.backbones[name] for name in job.features if name in config.backbones}
    changes: dict[str, Any] = {
        "store": job.store,
        "heads": {**config.heads, job.head: job.settings(best.settings)},
        "backbones": backbones if len(backbones) == len(job.features) else config.backbones,
    }
    if split is not None:
        changes["split"] = config.split.model_copy(update={**_as_made(splits), "file": split})
    text = dump_config(config.model_copy(update=changes))
    folds = ", ".join(map(str, job.folds))
    headline = (
        f"# Trial {best.number} of the sweep {folder.name}: {job.score} {best.score:.4f} on the validation patients of "
        f"fold {folds}.\n# {command}\n"
    )
    replace_file(folder / "best.yaml", lambda beside: beside.write_text(headline + text, encoding="utf-8"))


def _as_made(splits: "Splits") -> dict[str, Any]:
    """Settings of a config under which a split is taken for what was asked for."""
    if splits.kind == "given":
        return {}
    number = {"folds": len(splits.folds)} if splits.kind == "kfold" else {}
    return {"kind": splits.kind, "seed": splits.seed, "by": splits.by, **number}
