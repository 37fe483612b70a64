"""Printing what a run is worth on another cohort."""

from typing import TYPE_CHECKING

from heartfeat.commands import cells
from heartfeat.commands.show import OK, group_table

if TYPE_CHECKING:
    from heartfeat.commands.cross import CrossEvaluation

SHOWN = ("macc", "weighted_accuracy", "uar", "auroc", "auprc", "brier", "ece", "cost")


def crossed(result: "CrossEvaluation") -> int:
    """Main scores of the mean over views and of the clean one, groups, and whatever qualifies them."""
    results = result.results
    names = [
        name for name in results.scores if name in SHOWN or name.startswith(("sensitivity_", "specificity_"))
    ]
    mapped = ", ".join(f"{left} as {right}" for left, right in result.label_map.items() if left != right)
    title = f"{result.run} on {result.store}, task {result.task}, {results.patients} patients"
    title += f": {mapped}" if mapped else ""
    table = cells.table(title, "score", "mean over views", "95 % interval", "clean view alone")
    for name in names:
        mean, clean = (cells.number(name, scores[name]) for scores in (results.scores, results.clean_scores))
        table.add_row(name, mean, cells.span(name, *results.intervals[name]), clean)
    cells.show(table)
    if result.groups.height:
        cells.show(group_table(result.groups))
    for line in _remarks(result):
        print(line)
    print(f"written to {result.folder}")
    return OK


def _remarks(result: "CrossEvaluation") -> list[str]:
    lines = []
    seen = int(result.predictions["seen"].sum())
    if seen:
        lines.append(cells.seen_warning(seen))
    if result.hidden:
        counts = ", ".join(f"{name} {count}" for name, count in result.hidden.items())
        lines.append(f"WARNING: not scored, since no class of the run is mapped to theirs: {counts}")
    if result.silent:
        lines.append(f"{result.silent} patients have no usable recording and so no decision")
    return lines
