"""Scores as text, and tables of them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

COMPARED = ("macc", "weighted_accuracy", "uar", "auroc", "cost")
"""Scores by which runs are shown side by side."""


def number(name: str, value: float, sign: str = "") -> str:
    """A score as text: costs in whole units, others to three decimals; ``sign`` as in a format, such as ``+``."""
    return f"{value:{sign}.{0 if name == 'cost' else 3}f}"


def span(name: str, low: float, high: float, sign: str = "") -> str:
    """An interval of a score as text."""
    return f"{number(name, low, sign)} to {number(name, high, sign)}"


def with_interval(row: Mapping[str, Any], name: str) -> str:
    """A score above its interval, which is rougher, where there is one; a dash where it is undefined."""
    value, low, high = (row.get(f"{name}{end}") for end in ("", "_low", "_high"))
    if value is None:
        return "-"
    rough = 0 if name == "cost" else 2
    return number(name, value) + ("" if low is None else f"\n{low:.{rough}f}-{high:.{rough}f}")


def words(*names: str) -> list[str]:
    """Names of scores as words."""
    return [name.replace("_", " ") for name in names]


def table(title: str, *columns: str) -> "Table":
    """An empty table: the first column is text on the left, the others are numbers on the right."""
    from rich.table import Table

    made = Table(title=title or None, title_justify="left")
    for place, name in enumerate(columns):
        made.add_column(name, justify="right" if place else "left", overflow="fold", no_wrap=not place)
    return made


def show(made: "Table") -> None:
    """Print a table."""
    from rich.console import Console

    Console().print(made)


def seen_warning(count: int) -> str:
    """What is to be said of predictions for patients whom every head knew."""
    return (
        f"WARNING: every head was trained on {count} of these patients (column `seen`): "
        "their predictions are no independent judgement"
    )
