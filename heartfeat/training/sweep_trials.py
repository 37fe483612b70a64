"""The trials of a sweep as a table on disk, complete after every trial."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from heartfeat.errors import RunError
from heartfeat.replace import replace_file
from heartfeat.stores.schema import canonical_json

TRIALS = "trials.parquet"
IDENTITY = "sweep.json"

_COLUMNS: dict[str, type[pl.DataType]] = {
    "trial": pl.Int64,
    "status": pl.String,
    "score": pl.Float64,
    "seconds": pl.Float64,
    "error": pl.String,
}


@dataclass(frozen=True)
class Trial:
    """One choice of settings, and what it was worth on the validation patients.

    Attributes
    ----------
    number
        From 0.
    settings
        The settings that the sweep varies.
    status
        A failed trial has no score; ``error`` says why.
    scores
        Score of each fold, by number of the fold.
    score
        Their mean.
    seconds
        Wall-clock time of the trial.
    """

    number: int
    settings: Mapping[str, Any]
    status: Literal["running", "ok", "failed"] = "running"
    scores: Mapping[int, float] | None = None
    score: float | None = None
    seconds: float = 0.0
    error: str | None = None


def best_trial(trials: Sequence[Trial], *, lower_is_better: bool) -> Trial | None:
    """The best trial, the first of several that are equally good; None where none has a score."""
    sign = 1 if lower_is_better else -1
    scored = [(sign * trial.score, trial.number, trial) for trial in trials if trial.score is not None]
    return min(scored, key=lambda entry: entry[:2])[2] if scored else None


def trial_table(trials: Sequence[Trial], folds: Sequence[int]) -> pl.DataFrame:
    """One row per trial: ``trial``, ``status``, ``score``, ``seconds``, ``error``, ``fold<n>``, the settings one by one
    (lists as JSON), and all of them as JSON in ``settings``.
    """
    keys = dict.fromkeys(key for trial in trials for key in trial.settings)
    ordered = sorted(trials, key=lambda trial: trial.number)
    columns = [
        pl.Series(
            name, [getattr(trial, "number" if name == "trial" else name) for trial in ordered], dtype=kind
        )
        for name, kind in _COLUMNS.items()
    ]
    columns += [
        pl.Series(f"fold{fold}", [(trial.scores or {}).get(fold) for trial in ordered], dtype=pl.Float64)
        for fold in folds
    ]
    columns += [_shown(f"set.{key}", [trial.settings.get(key) for trial in ordered]) for key in keys]
    columns.append(
        pl.Series("settings", [canonical_json(trial.settings) for trial in ordered], dtype=pl.String)
    )
    return pl.DataFrame(columns)


def save_trials(table: pl.DataFrame, folder: Path) -> None:
    """Write ``trials.parquet`` and ``trials.csv``; each takes the old one's place at once or not at all."""
    writers: dict[str, Callable[[Path], object]] = {
        TRIALS: table.write_parquet,
        "trials.csv": table.write_csv,
    }
    for name, write in writers.items():
        replace_file(folder / name, write)


def load_trials(folder: Path) -> list[Trial]:
    """The finished trials of a sweep; none where it has not begun.

    Raises
    ------
    RunError
        When the table is damaged.
    """
    path = folder / TRIALS
    if not path.exists():
        return []
    try:
        return [_trial(row) for row in pl.read_parquet(path).iter_rows(named=True)]
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise RunError(
            f"{path} cannot be read ({error}); give --overwrite to begin the sweep anew"
        ) from error


def check_same_sweep(identity: Mapping[str, Any], folder: Path) -> None:
    """Note what a sweep is about in ``sweep.json``, or refuse one that was about something else.

    Raises
    ------
    RunError
        Names what differs.
    """
    path = folder / IDENTITY
    if not path.exists():
        text = json.dumps(identity, indent=2) + "\n"
        replace_file(path, lambda beside: beside.write_text(text, encoding="utf-8"))
        return
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
        differs = [
            key for key in identity if canonical_json(before.get(key)) != canonical_json(identity[key])
        ]
    except (OSError, ValueError, AttributeError) as error:
        raise RunError(
            f"{path} cannot be read ({error}); give --overwrite to begin the sweep anew"
        ) from error
    if differs:
        raise RunError(
            f"the sweep in {folder} was made with other {', '.join(differs)}; give this one another --name, or "
            "--overwrite to begin it anew"
        )


def _trial(row: Mapping[str, Any]) -> Trial:
    scores = {
        int(name.removeprefix("fold")): value
        for name, value in row.items()
        if name.startswith("fold") and value is not None
    }
    return Trial(
        number=row["trial"],
        settings=json.loads(row["settings"]),
        status=row["status"],
        scores=scores,
        score=row["score"],
        seconds=row["seconds"],
        error=row["error"],
    )


def _shown(name: str, values: Sequence[Any]) -> pl.Series:
    """Plain values as they are, anything else as JSON."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} or (len(kinds) == 1 and kinds <= {bool, str}):
        return pl.Series(name, values, dtype=pl.Float64 if kinds == {int, float} else None, strict=False)
    return pl.Series(
        name, [None if value is None else json.dumps(value) for value in values], dtype=pl.String
    )
