"""Printing what a sweep found."""

from typing import TYPE_CHECKING

from heartfeat.commands import cells
from heartfeat.commands.show import OK

if TYPE_CHECKING:
    from heartfeat.commands.sweep import Sweep

SHOWN_TRIALS = 10


def sweep(result: "Sweep") -> int:
    """The best trials, what failed, and where the best settings lie."""
    from heartfeat.training.sweep_score import LOWER_IS_BETTER

    ordered = result.trials.sort("score", descending=result.score not in LOWER_IS_BETTER, nulls_last=True)
    keys = [name for name in ordered.columns if name.startswith("set.")]
    settings = (key.removeprefix("set.") for key in keys)
    table = cells.table("", "trial", *settings, *cells.words(result.score), "s")
    for row in ordered.drop_nulls("score").head(SHOWN_TRIALS).iter_rows(named=True):
        values = (str(row[key]) for key in keys)
        table.add_row(str(row["trial"]), *values, f"{row['score']:.4f}", f"{row['seconds']:.0f}")
    cells.show(table)
    failed = ordered.filter(ordered["status"] == "failed")
    if failed.height:
        print(f"{failed.height} of {ordered.height} trials failed; the first: {failed['error'][0]}")
    print(
        f"{ordered.height} trials on validation patients, in {result.folder / 'trials.csv'}; "
        f"best: {result.config}\ntest patients were not looked at; next: {result.command}"
    )
    return OK
