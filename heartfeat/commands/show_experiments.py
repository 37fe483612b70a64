"""Printing what several fits gave: seeds, sites, sweeps; each function gives the exit code."""

from statistics import mean, stdev
from typing import TYPE_CHECKING

from heartfeat.commands.show import COMPARED, OK

if TYPE_CHECKING:
    from rich.table import Table

    from heartfeat.commands.fit import Fitted
    from heartfeat.commands.sweep import Sweep

SHOWN_TRIALS = 10


def members(run: "Fitted") -> None:
    """The runs of an ensemble side by side, their mean and standard deviation, and the ensemble itself."""
    from rich.console import Console

    scored = [name for name in COMPARED if name in run.results.scores]
    table = _table("run", *(name.replace("_", " ") for name in scored))
    for member in run.members:
        table.add_row(member.record.name, *(_number(name, member.results.scores[name]) for name in scored))
    columns = [[member.results.scores[name] for member in run.members] for name in scored]
    spreads = (
        f"{_number(name, mean(values))} ± {_number(name, stdev(values))}"
        for name, values in zip(scored, columns, strict=True)
    )
    table.add_row("mean ± sd", *spreads)
    table.add_row(run.record.name, *(_number(name, run.results.scores[name]) for name in scored))
    Console().print(table)


def sweep(result: "Sweep") -> int:
    """The best trials, what failed, and where the best settings lie."""
    from rich.console import Console

    from heartfeat.training.sweep_score import LOWER_IS_BETTER

    ordered = result.trials.sort("score", descending=result.score not in LOWER_IS_BETTER, nulls_last=True)
    keys = [name for name in ordered.columns if name.startswith("set.")]
    table = _table("trial", *(key.removeprefix("set.") for key in keys), result.score.replace("_", " "), "s")
    for row in ordered.drop_nulls("score").head(SHOWN_TRIALS).iter_rows(named=True):
        settings = (str(row[key]) for key in keys)
        table.add_row(str(row["trial"]), *settings, f"{row['score']:.4f}", f"{row['seconds']:.0f}")
    Console().print(table)
    failed = ordered.filter(ordered["status"] == "failed")
    if failed.height:
        print(f"{failed.height} of {ordered.height} trials failed; the first: {failed['error'][0]}")
    print(
        f"{ordered.height} trials on validation patients, in {result.folder / 'trials.csv'}; "
        f"best: {result.config}\ntest patients were not looked at; next: {result.command}"
    )
    return OK


def _table(*columns: str) -> "Table":
    from rich.table import Table

    table = Table()
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number else "left", overflow="fold", no_wrap=not number)
    return table


def _number(name: str, value: float) -> str:
    return f"{value:.{0 if name == 'cost' else 3}f}"
