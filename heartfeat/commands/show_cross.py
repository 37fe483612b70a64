"""Printing what a run is worth on another cohort."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heartfeat.commands.cross import CrossEvaluation

OK = 0
SHOWN = ("macc", "weighted_accuracy", "uar", "auroc", "auprc", "brier", "ece", "cost")


def crossed(result: "CrossEvaluation") -> int:
    """Main scores of the mean over views and of the clean one, groups, and whatever qualifies them."""
    from rich.console import Console
    from rich.table import Table

    from heartfeat.commands.show import group_table

    results = result.results
    names = [
        name for name in results.scores if name in SHOWN or name.startswith(("sensitivity_", "specificity_"))
    ]
    mapped = ", ".join(f"{left} as {right}" for left, right in result.label_map.items() if left != right)
    title = f"{result.run} on {result.store}, task {result.task}, {results.patients} patients"
    title += f": {mapped}" if mapped else ""
    table = Table(
        "score", "mean over views", "95 % interval", "clean view alone", title=title, title_justify="left"
    )
    for name in names:
        digits = 0 if name == "cost" else 3
        low, high = results.intervals[name]
        values = (results.scores[name], results.clean_scores[name])
        mean, clean = (f"{value:.{digits}f}" for value in values)
        table.add_row(name, mean, f"{low:.{digits}f} to {high:.{digits}f}", clean)
    Console().print(table)
    if result.groups.height:
        Console().print(group_table(result.groups))
    for line in _remarks(result):
        print(line)
    print(f"written to {result.folder}")
    return OK


def _remarks(result: "CrossEvaluation") -> list[str]:
    lines = []
    seen = int(result.predictions["seen"].sum())
    if seen:
        lines.append(
            f"WARNING: every head was trained on {seen} of these patients (column `seen`): this is no independent "
            "judgement"
        )
    if result.hidden:
        counts = ", ".join(f"{name} {count}" for name, count in result.hidden.items())
        lines.append(f"WARNING: not scored, since no class of the run is mapped to theirs: {counts}")
    if result.silent:
        lines.append(f"{result.silent} patients have no usable recording and so no decision")
    return lines
