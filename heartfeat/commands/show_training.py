"""Printing what the training of a backbone gave; each function gives the exit code."""

from typing import TYPE_CHECKING

from heartfeat.commands.show import OK

if TYPE_CHECKING:
    from heartfeat.pretraining.train import Pretrained

SHOWN_LOOKS = 5


def pretrained(result: "Pretrained") -> int:
    """What was learned from, the figures along the way, and where the checkpoint lies."""
    from rich.console import Console
    from rich.table import Table

    if result.process:
        return OK
    record = result.record
    looks = record.history[:: max(1, -(-len(record.history) // SHOWN_LOOKS))]
    looks = [*looks, *([] if looks[-1] == record.history[-1] else [record.history[-1]])]
    table = Table(
        "step", *(f"{look['step']:.0f}" for look in looks), title_justify="left", title="along the way"
    )
    for name in dict.fromkeys(name for look in record.history for name in look if name != "step"):
        table.add_row(
            name.replace("_", " "), *(f"{look[name]:.3g}" if name in look else "" for look in looks)
        )
    console = Console()
    console.print(table)
    patients = sum(len(of_cohort) for of_cohort in record.seen.values())
    console.print(
        f"learned from {record.recordings} recordings of {patients} patients ({record.hours:.1f} h) in "
        f"{record.seconds:.0f} s, on {record.machine}; no labels were read",
        highlight=False,
    )
    for reason, count in record.skipped.items():
        console.print(f"skipped: {count} recordings ({reason})", highlight=False)
    console.print(f"backbones: {{name: {{family: transformers, model: {result.folder}}}}}", highlight=False)
    return OK
