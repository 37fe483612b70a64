"""All runs side by side, and each against one of them."""

from collections.abc import Sequence

import polars as pl

from heartfeat.errors import RunError
from heartfeat.evaluation.paired import Paired, paired_differences
from heartfeat.evaluation.run_report import RunReport
from heartfeat.progress import Progress, silent
from heartfeat.tasks import Task

COMPARED = ("macc", "weighted_accuracy", "uar", "auroc", "macro_f1", "cost")
"""Scores that a comparison shows, where runs have them: the main score of their task first."""


def compare_runs(runs: Sequence[RunReport]) -> pl.DataFrame:
    """One row per run, the best first by the first of :data:`COMPARED` that any run has.

    Parameters
    ----------
    runs
        Judged runs.

    Returns
    -------
    table
        ``run``, ``head``, ``features`` (joined by ``+``), ``patients``, ``seconds``, and for every score its
        value, ``<score>_low`` and ``<score>_high`` (95 % interval), null where a run has none.
    """
    shown = [name for name in COMPARED if any(name in run.scores for run in runs)]
    schema = {
        "run": pl.String,
        "head": pl.String,
        "features": pl.String,
        "patients": pl.Int64,
        "seconds": pl.Float64,
    }
    schema |= {f"{name}{end}": pl.Float64 for name in shown for end in ("", "_low", "_high")}
    table = pl.DataFrame([_row(run, shown) for run in runs], schema=schema)
    if not shown:
        return table
    return table.sort(shown[0], descending=shown[0] != "cost", nulls_last=True, maintain_order=True)


def compare_with(
    task: Task, runs: Sequence[RunReport], against: str, progress: Progress = silent
) -> pl.DataFrame:
    """Paired differences of every run from one of them.

    Parameters
    ----------
    runs
        Judged runs of the task.
    against
        Name of the run that the others are compared with.

    Returns
    -------
    table
        One row per run: ``run``, ``against`` and ``shared`` (patients that both predicted), and for every
        score ``<score>_difference``, ``<score>_difference_low``, ``<score>_difference_high`` and
        ``<score>_p``; null for the run itself and where undefined.

    Raises
    ------
    RunError
        When no run has that name.
    """
    reference = next((run for run in runs if run.name == against), None)
    if reference is None:
        names = ", ".join(run.name for run in runs)
        raise RunError(f"there is no {task.name} run {against!r} to compare with; runs are: {names}")
    pairs = {}
    for number, run in enumerate(runs):
        progress("comparing runs", number, len(runs))
        if run is not reference:
            pairs[run.name] = paired_differences(task, run.predictions, reference.predictions)
    progress("comparing runs", len(runs), len(runs))
    shown = [name for name in COMPARED if any(name in pair.differences for pair in pairs.values())]
    schema: dict[str, type[pl.DataType]] = {"run": pl.String, "against": pl.String, "shared": pl.Int64}
    schema |= {
        f"{name}{end}": pl.Float64
        for name in shown
        for end in ("_difference", "_difference_low", "_difference_high", "_p")
    }
    rows = [_paired_row(run.name, against, pairs.get(run.name), shown) for run in runs]
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.selectors.float().fill_nan(None))


def _row(run: RunReport, scores: Sequence[str]) -> dict[str, object]:
    row: dict[str, object] = {
        "run": run.name,
        "head": run.head,
        "features": "+".join(run.features),
        "patients": run.predictions["label"].count(),
        "seconds": run.seconds,
    }
    for name in scores:
        low, high = run.intervals.get(name, (None, None))
        row |= {name: run.scores.get(name), f"{name}_low": low, f"{name}_high": high}
    return row


def _paired_row(name: str, against: str, pair: Paired | None, scores: Sequence[str]) -> list[object]:
    if pair is None:
        return [name, None, None, *[None] * (4 * len(scores))]
    numbers = (pair.differences.get(score, (None,) * 4) for score in scores)
    return [name, against, pair.patients, *(number for four in numbers for number in four)]
