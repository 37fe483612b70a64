"""What fine-tuning the shipped backbone is worth: once per fold, heads on it beside heads on the frozen one.

Goes on in a folder that `backbones.py` has filled (its store and split). Every fold has a backbone of its own, which
saw neither recordings nor labels of the fold's test patients; heads are fitted fold by fold, and the five sets of
predictions are put together. What is there already is not made again.

    python benchmarks/finetuned.py --folder /tmp/backbones --heads logistic,lgbm
"""

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import yaml
from backbones import SCORES, only, scores_of

import heartfeat
from heartfeat.backbones.checkpoint import find_checkpoint
from heartfeat.commands.reports import read_runs
from heartfeat.evaluation.paired import paired_differences
from heartfeat.pretraining.record import TrainingRecord
from heartfeat.stores import open_store
from heartfeat.tasks import get_task

BESIDE = {"": [], "beats + ": ["beats"]}
"""Feature sets beside the backbone, by how the table calls them."""


def main() -> None:
    options = parse()
    folder = options.folder.resolve()
    config = folder / "finetuned.yaml"
    tree = yaml.safe_load((folder / "heartfeat.yaml").read_text(encoding="utf-8"))
    tree["backbones"] = {name: tree["backbones"][name] for name in ("beats", "pcg")}
    config.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    folds = range(len(heartfeat.splits(config=config).folds))
    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(lambda fold: finetune(config, folder, fold), folds))
    for fold in folds:
        tree["backbones"][f"pcg{fold}"] = {
            "family": "transformers",
            "model": str(folder / "finetuned" / str(fold)),
        }
    config.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    heartfeat.extract(config=config, device="cpu")
    heard = set(TrainingRecord.read(find_checkpoint("heartfeat-pcg")).seen.get("circor", ()))
    report(config, fit_all(config, folder, folds, options), heard, folder)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True, help="where backbones.py has been")
    parser.add_argument("--heads", default="logistic,lgbm")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--jobs", type=int, default=2, help="folds fine-tuned at a time")
    parser.add_argument("--set", action="append", default=[], help="settings of heads, as for heartfeat fit")
    return parser.parse_args()


def finetune(config: Path, folder: Path, fold: int) -> None:
    out = folder / "finetuned" / str(fold)
    if not out.exists():
        options = ["--fold", str(fold), "--out", str(out), "--config", str(config)]
        command = [sys.executable, "-m", "heartfeat", "finetune", "--backbone", "pcg", *options]
        subprocess.run([*command, "--device", "cpu", "--workers", "1"], check=True)


def fit_all(
    config: Path, folder: Path, folds: range, options: argparse.Namespace
) -> dict[tuple[str, str], list[list[Path]]]:
    """Run folders by features and head: of each seed and, behind them, of their ensemble, fold by fold."""
    runs: dict[tuple[str, str], list[list[Path]]] = {}
    for head in options.heads.split(","):
        for beside, sets in BESIDE.items():
            frozen = fit(config, head, [*sets, "pcg"], None, options)
            runs[f"{beside}pcg", head] = [[one] for one in frozen]
            tuned = [
                fit(config, head, [*sets, f"pcg{fold}"], folder / f"finetuned/{fold}/split.json", options)
                for fold in folds
            ]
            runs[f"{beside}pcg fine-tuned", head] = [list(one) for one in zip(*tuned, strict=True)]
            print(f"{head} on {beside}pcg: there", flush=True)
    return runs


def fit(
    config: Path, head: str, features: list[str], split: Path | None, options: argparse.Namespace
) -> list[Path]:
    name, runs = f"murmur-{head}-{'+'.join(features)}", config.parent / "runs"
    if not (runs / name).exists():
        heartfeat.fit(
            head=head,
            features=features,
            name=name,
            seeds=options.seeds,
            split=split,
            config=config,
            set=options.set,
        )
    return [*(runs / f"{name}-seed{seed}" for seed in options.seeds.split(",")), runs / name]


def report(
    config: Path, runs: dict[tuple[str, str], list[list[Path]]], heard: set[str], folder: Path
) -> None:
    task = get_task("murmur")
    with open_store(folder / "store.zarr") as store:
        tables = {
            key: [pl.concat([run.predictions for run in read_runs(folds, store)]) for folds in seeds]
            for key, seeds in runs.items()
        }
    everyone = set(next(iter(tables.values()))[0]["patient"].to_list())
    shown = [score for score in SCORES if score != "macc"]
    for who, patients in (
        ("all patients", everyone),
        ("patients never heard in pretraining", everyone - heard),
    ):
        print(f"\n**{who}** ({len(patients)}), seeds one by one, then averaged\n")
        print("| features | head | " + " | ".join(shown) + " |\n|---|---|" + "---|" * len(shown))
        for (name, head), seeds in tables.items():
            scored = [scores_of(only(table, patients), task) for table in seeds]
            cells = [", ".join(f"{one[score]:.3f}" for one in scored) for score in shown]
            print(f"| {name} | {head} | " + " | ".join(cells) + " |")
        print("\n| difference (seeds averaged; 95 % interval, p) | head | " + " | ".join(shown) + " |")
        print("|---|---|" + "---|" * len(shown))
        for (name, head), seeds in tables.items():
            if name.endswith("fine-tuned"):
                frozen = tables[name.removesuffix(" fine-tuned"), head]
                pair = paired_differences(task, only(seeds[-1], patients), only(frozen[-1], patients))
                cells = ["{:+.3f} ({:+.3f} to {:+.3f}), {:.3f}".format(*pair.differences[s]) for s in shown]
                print(f"| {name} less frozen | {head} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
