"""All runs side by side."""

from collections.abc import Sequence

import polars as pl

from heartfeat.evaluation.run_report import RunReport

COMPARED = ("weighted_accuracy", "uar", "auroc", "macro_f1", "cost")
"""Scores that a comparison shows unless told otherwise."""


def compare_runs(runs: Sequence[RunReport], scores: Sequence[str] = COMPARED) -> pl.DataFrame:
    """One row per run, the best first by the first of ``scores``.

    Parameters
    ----------
    runs
        Judged runs.
    scores
        Names of scores; one that no run has is left out.

    Returns
    -------
    table
        ``run``, ``head``, ``features`` (joined by ``+``), ``patients``, ``seconds``, and for every score its
        value, ``<score>_low`` and ``<score>_high`` (95 % interval), null where a run has none.
    """
    shown = [name for name in scores if any(name in run.scores for run in runs)]
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
