"""What frozen features are worth: the shipped backbone, its randomly initialised twin, log-mel and heart beats.

Heads are fitted on each, alone and together.

Extracts the clean view of every feature set once, fits every head on five person-grouped folds with three seeds, and
prints scores on all patients and on those that pretraining never heard, with paired differences. Runs that are there
already are not fitted again.

    python benchmarks/backbones.py --data $HEARTFEAT_DATA --folder /tmp/backbones --heads logistic,lgbm
"""

import argparse
from pathlib import Path
from statistics import mean, stdev

import polars as pl
import torch
import yaml

import heartfeat
from heartfeat.backbones.architectures.pcg import PcgConfig, PcgModel
from heartfeat.backbones.checkpoint import find_checkpoint
from heartfeat.commands.reports import read_runs
from heartfeat.evaluation.paired import paired_differences
from heartfeat.evaluation.predictions import prediction_arrays
from heartfeat.evaluation.scores import score
from heartfeat.pretraining.record import TrainingRecord
from heartfeat.stores import open_store
from heartfeat.tasks import get_task

COHORTS = {
    "circor": {"task": "murmur", "split": {"folds": 5, "seed": 0}},
    "physionet2016": {"task": "normal_abnormal", "split": {"kind": "leave-one-out", "by": "subset"}},
}
SCORES = ("weighted_accuracy", "macc", "uar", "auroc")
SETS = {
    "logmel": ["logmel"],
    "beats": ["beats"],
    "pcg": ["pcg"],
    "twin": ["twin"],
    "pcg, beats": ["pcg-beats"],
    "twin, beats": ["twin-beats"],
    "logmel + pcg": ["logmel", "pcg"],
    "beats + pcg": ["beats", "pcg"],
    "beats + twin": ["beats", "twin"],
}
PAIRS = [
    ("pcg", "twin"),
    ("pcg", "logmel"),
    ("pcg", "beats"),
    ("pcg, beats", "twin, beats"),
    ("logmel + pcg", "logmel"),
    ("beats + pcg", "beats"),
    ("beats + pcg", "beats + twin"),
]


def main() -> None:
    options = parse()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    config = write_config(options, folder)
    wanted = [name for name in SETS if not options.sets or name in options.sets.split("; ")]
    used = dict.fromkeys(backbone for name in wanted for backbone in SETS[name])
    heartfeat.extract(backbone=list(used), config=config, device="cpu")
    runs = {}
    for head in options.heads.split(","):
        for name in wanted:
            runs[head, name] = fit(config, head, SETS[name], options)
            print(f"{head} on {name}: there", flush=True)
    seen = TrainingRecord.read(find_checkpoint(options.model)).seen.get(options.cohort, ())
    report(config, folder, runs, set(seen))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", type=Path, required=True, help="folder that holds circor/ and physionet2016/"
    )
    parser.add_argument("--cohort", choices=COHORTS, default="circor")
    parser.add_argument("--few-shot", type=float, help="share of the training persons that is kept")
    parser.add_argument("--folder", type=Path, default=Path("backbones"), help="store, runs and the twin")
    parser.add_argument("--model", default="heartfeat-pcg", help="pretrained backbone: a name or a folder")
    parser.add_argument("--heads", default="logistic,lgbm")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--jobs", type=int, default=1, help="folds fitted at a time")
    parser.add_argument("--sets", default="", help=f"some of: {'; '.join(SETS)} (joined by '; ')")
    parser.add_argument("--task", help="default: the cohort's")
    parser.add_argument("--set", action="append", default=[], help="settings of heads, as for heartfeat fit")
    options = parser.parse_args()
    options.task = options.task or COHORTS[options.cohort]["task"]
    return options


def write_config(options: argparse.Namespace, folder: Path) -> Path:
    twin = folder / "twin"
    if not twin.exists():
        torch.manual_seed(0)
        PcgModel(PcgConfig.from_pretrained(find_checkpoint(options.model))).save_pretrained(twin)
    backbones: dict[str, dict[str, str]] = {"logmel": {"family": "logmel"}, "beats": {"family": "beats"}}
    for name, model in (("pcg", options.model), ("twin", str(twin))):
        backbones[name] = {"family": "transformers", "model": model, "windows": "fixed"}
        backbones[f"{name}-beats"] = {"family": "transformers", "model": model, "windows": "beats"}
    tree = {
        "data": {"cohort": options.cohort, "path": str(options.data.resolve() / options.cohort)},
        "store": str(folder / "store.zarr"),
        "backbones": backbones,
        "views": "none",
        "task": options.task,
        "split": {**COHORTS[options.cohort]["split"], "file": str(folder / f"split-{options.task}.json")},
        "runs": str(folder / "runs"),
    }
    path = folder / "heartfeat.yaml"
    path.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    return path


def fit(config: Path, head: str, features: list[str], options: argparse.Namespace) -> list[Path]:
    """Folders of the runs of each seed, and of their ensemble behind them."""
    few = "" if options.few_shot is None else f"-few-{options.few_shot:g}"
    name, runs = f"{options.task}-{head}-{'+'.join(features)}{few}", config.parent / "runs"
    if not (runs / name).exists():
        heartfeat.fit(
            head=head,
            features=features,
            name=name,
            seeds=options.seeds,
            few_shot=options.few_shot,
            jobs=options.jobs,
            config=config,
            set=options.set,
        )
    return [*(runs / f"{name}-seed{seed}" for seed in options.seeds.split(",")), runs / name]


def report(config: Path, folder: Path, runs: dict[tuple[str, str], list[Path]], seen: set[str]) -> None:
    settings = yaml.safe_load(config.read_text(encoding="utf-8"))
    task = get_task(settings["task"])
    with open_store(folder / "store.zarr") as store:
        tables = {key: [run.predictions for run in read_runs(paths, store)] for key, paths in runs.items()}
    first = next(iter(tables.values()))[0]
    unseen = set(first["patient"].to_list()) - seen
    shown = [name for name in SCORES if name in scores_of(first, task)]
    print(f"\n{first.height} patients, {len(unseen)} of them never heard in pretraining\n")
    for who, patients in (("all patients", None), ("patients never heard in pretraining", unseen)):
        print(f"**{who}**, mean ± deviation over seeds\n")
        print("| features | head | " + " | ".join(shown) + " |\n|---|---|" + "---|" * len(shown))
        for (head, name), predicted in tables.items():
            scored = [scores_of(only(table, patients), task) for table in predicted[:-1]]
            cells = [spread([one[score] for one in scored]) for score in shown]
            print(f"| {name} | {head} | " + " | ".join(cells) + " |")
        print(f"\n**differences, {who}** (seeds averaged; 95 % interval, p)\n")
        print("| | head | " + " | ".join(shown) + " |\n|---|---|" + "---|" * len(shown))
        for head in dict.fromkeys(head for head, _ in tables):
            for one, other in PAIRS:
                if (head, one) in tables and (head, other) in tables:
                    pair = paired_differences(
                        task,
                        only(tables[head, one][-1], patients),
                        only(tables[head, other][-1], patients),
                    )
                    cells = [
                        "{:+.3f} ({:+.3f} to {:+.3f}), {:.3f}".format(*pair.differences[s]) for s in shown
                    ]
                    print(f"| {one} less {other} | {head} | " + " | ".join(cells) + " |")
        print()


def only(table: pl.DataFrame, patients: set[str] | None) -> pl.DataFrame:
    return table if patients is None else table.filter(pl.col("patient").is_in(list(patients)))


def scores_of(table: pl.DataFrame, task) -> dict[str, float]:
    arrays = prediction_arrays(table, task)
    return score(task, arrays.labels, arrays.probabilities, arrays.decisions)


def spread(values: list[float]) -> str:
    return f"{mean(values):.3f} ± {stdev(values) if len(values) > 1 else 0:.3f}"


if __name__ == "__main__":
    main()
