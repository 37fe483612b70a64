"""Printing what the training of a backbone gave; each function gives the exit code."""

from typing import TYPE_CHECKING

from heartfeat.commands import cells
from heartfeat.commands.show import OK

if TYPE_CHECKING:
    from heartfeat.backbones.settings import TransformersSettings
    from heartfeat.finetuning.train import Finetuned
    from heartfeat.pretraining.train import Pretrained

SHOWN_LOOKS = 5
SHOWN_OF_EPOCHS = (
    "stage",
    "epoch",
    "loss",
    "valid_loss",
    "valid_auroc",
    "valid_uar",
    "valid_weighted_accuracy",
)


def pretrained(result: "Pretrained") -> int:
    """What was learned from, the figures along the way, and where the checkpoint lies."""
    from rich.console import Console

    if result.process:
        return OK
    record = result.record
    looks = record.history[:: max(1, -(-len(record.history) // SHOWN_LOOKS))]
    looks = [*looks, *([] if looks[-1] == record.history[-1] else [record.history[-1]])]
    table = cells.table("along the way", "step", *(f"{look['step']:.0f}" for look in looks))
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


def finetuned(result: "Finetuned") -> int:
    """Every epoch, which of them was kept, and how to extract with the checkpoint."""
    from rich.console import Console

    record = result.record
    names = [name for name in SHOWN_OF_EPOCHS if any(name in row for row in record.history)]
    table = cells.table("epoch by epoch", *cells.words(*names))
    for row in record.history:
        figures = (f"{row[name]:.4g}" if name in row else "" for name in names)
        table.add_row(*figures, style="bold" if row["best"] else None)
    console = Console()
    console.print(table)
    best = next(row for row in record.history if row["best"])
    patients = sum(len(of_cohort) for of_cohort in record.seen.values())
    if record.settings["stages"][int(best["stage"]) - 1]["train"] == "head":
        print("WARNING: no epoch after the head's own was better: the encoder's weights are as they were")
    lines = [
        f"{record.recordings} recordings ({record.hours:.1f} h) learned from in {record.seconds:.0f} s; weights of "
        f"stage {best['stage']:.0f}, epoch {best['epoch']:.0f}; the linear head is thrown away",
        f"{patients} patients (training and validation) were seen with labels ({record.labels}): judge heads on "
        f"--split {result.folder / 'split.json'}",
        *(f"skipped: {count} recordings ({reason})" for reason, count in record.skipped.items()),
        f"backbones: {{{result.backbone.name}: {_written(result.backbone)}}}",
    ]
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)
    return OK


def _written(backbone: "TransformersSettings") -> str:
    """Settings of a backbone on one line of yaml."""
    import yaml

    given = {"family": backbone.family, "model": backbone.model}
    given |= backbone.model_dump(mode="json", exclude_defaults=True, exclude={"name", "model"})
    return yaml.safe_dump(given, default_flow_style=True, sort_keys=False, width=10_000).strip()
