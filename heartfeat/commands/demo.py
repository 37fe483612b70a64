"""heartfeat demo"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import polars as pl

    from heartfeat.extraction.summary import ExtractionSummary


HEADLINE = "# the demo's experiment\n"


@dataclass(frozen=True)
class Demo:
    """What the demo made: a folder with data, store, runs and report."""

    folder: Path
    extraction: "ExtractionSummary"
    comparison: "pl.DataFrame"
    report: Path


def demo(
    folder: Annotated[Path, typer.Option(help="Where everything is written.")] = Path("demo"),
    patients: Annotated[int, typer.Option(min=30, help="Synthetic patients.")] = 150,
    folds: Annotated[int, typer.Option(min=2, help="Folds of the cross-validation.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the cohort, the split and the heads.")] = 0,
) -> Demo:
    """Run the whole pipeline on a synthetic cohort: no data, no network, no GPU; a report at the end.

    The sounds are made up, so the scores say that the pipeline works and nothing about medicine.
    """
    import yaml

    from heartfeat.cohorts.synthetic import write_synthetic_cohort
    from heartfeat.commands.compare import compare
    from heartfeat.commands.extract import extract
    from heartfeat.commands.fit import fit
    from heartfeat.commands.progress import show_progress
    from heartfeat.errors import ConfigError

    data, config = folder / f"cohort-{patients}-seed{seed}", folder / "heartfeat.yaml"
    if not (data / "training_data.csv").exists():
        with show_progress() as update:
            write_synthetic_cohort(data, patients=patients, seed=seed, progress=update)
    tree = {
        "data": {"cohort": "circor", "name": "synthetic", "path": str(data)},
        "store": str(folder / "store.zarr"),
        "backbones": {
            "logmel": {"family": "logmel"},
            "pcg": {"family": "transformers", "model": "heartfeat-pcg"},
        },
        "split": {
            "folds": folds,
            "seed": seed,
            "file": str(folder / f"split-{patients}-{folds}-{seed}.json"),
        },
        "runs": str(folder / "runs"),
        "heads": {"mambaformer": {"epochs": 8, "inner_folds": 2, "seed": seed}},
    }
    if config.exists() and not config.read_text(encoding="utf-8").startswith(HEADLINE):
        raise ConfigError(f"{config} is not the demo's; name another --folder")
    config.write_text(HEADLINE + yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    extraction = extract(config=config, device="cpu", drop_missing=True)
    for head in ("logistic", "lgbm", "mambaformer"):
        fit(head=head, name=head, overwrite=True, config=config)
    report = folder / "report.html"
    return Demo(folder, extraction, compare(report=report, config=config), report)
