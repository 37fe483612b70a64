"""``heartfeat fit`` on 942 patients, the size of CirCor's public training set, from a warm store.

A store with fewer patients is topped up with copies of some under new ids, as new persons, in a temporary store. Then:

- the command as a user types it, start-up, reading, calibration, scores with intervals and files included: for one
  fold (a holdout of 70 / 20 / 10 %) and for five;
- fitting alone on that one fold, against the same head with a plain model in the place of its own: scikit-learn's
  pipeline of StandardScaler and LogisticRegression, and LightGBM with its default settings instead of small trees that
  look at few columns. "one plain model" is that model fitted once, on the recordings: no patient model, no inner
  folds, no weighing.

    python benchmarks/fit.py STORE --set views=clean
    python benchmarks/fit.py STORE --mambaformer --jobs 2 --set heads.mambaformer.epochs=10
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import yaml
from fit_data import topped_up
from fit_plain import PlainModel
from reading_data import print_table
from threadpoolctl import threadpool_limits

from heartfeat.cohorts.splits import holdout
from heartfeat.heads.examples import Examples
from heartfeat.heads.lgbm import Lgbm
from heartfeat.heads.logistic import Logistic
from heartfeat.heads.tabular.base import TabularHead
from heartfeat.heads.tabular.encoder import TabularEncoder
from heartfeat.heads.tabular.training_table import join_tables, training_table
from heartfeat.stores import Store, open_store
from heartfeat.tasks import get_task
from heartfeat.training.cross_validation import training_sides
from heartfeat.training.examples import load_examples
from heartfeat.training.experiment import stored_cohort
from heartfeat.training.protocol import EVERYTHING


def in_turn(ways: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Median seconds of each way, called in turn ``rounds`` times."""
    taken: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for way, seconds in zip(ways, taken, strict=True):
            started = time.perf_counter()
            way()
            seconds.append(time.perf_counter() - started)
    return [statistics.median(seconds) for seconds in taken]


def command(folder: Path, head: str, split: str, *options: str) -> None:
    """One `heartfeat fit`, in a process of its own."""
    line = [sys.executable, "-m", "heartfeat", "fit", "--head", head, "--name", "timed", "--overwrite"]
    kind = [f"--set=split.kind={split}", f"--set=split.file={split}.json"]
    done = subprocess.run([*line, *kind, *options], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def fitting(head: type[TabularHead], train: Examples, valid: Examples, rounds: int) -> list[list[str]]:
    """Rows of the table: the head, the same head of plain models, and one plain model."""
    settings = head.settings_class()
    plain = partial(PlainModel, settings.kind, getattr(settings, "penalty", 0.0))

    def fit(plainly: bool) -> None:
        made = head(settings)
        if plainly:
            made._fit_rows = plain  # type: ignore[method-assign]
        made.fit(train, valid, lambda what, done, total: None)

    def one_plain_model() -> None:
        encoder = TabularEncoder.fit(train, metadata=settings.metadata, quality=settings.quality)
        table = join_tables([training_table(encoder, part) for part in (train, valid)])
        with threadpool_limits(1):
            views = table.rows[:2]
            plain(np.concatenate(views), np.tile(table.labels, len(views)))

    names = (f"`{settings.kind}`", f"`{settings.kind}` with plain models", "one plain model")
    seconds = in_turn((partial(fit, False), partial(fit, True), one_plain_model), rounds)
    return [
        [name, f"{taken:.2f}", f"{taken / seconds[0]:.2f}"]
        for name, taken in zip(names, seconds, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("store", help="a store of CirCor")
    parser.add_argument("--patients", type=int, default=942)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", default="1", help="folds, or networks of one fold, at a time")
    parser.add_argument("--features", action="append", help="feature set to use; repeatable [default: all]")
    parser.add_argument("--mambaformer", action="store_true", help="time it as well")
    parser.add_argument("--set", action="append", default=[], help="as of heartfeat fit, for the commands")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        topped_up(open_store(options.store), options.patients, folder / "store.zarr")
        store = open_store(folder / "store.zarr")
        tree = {"store": "store.zarr", "backbones": {"none-of-them": {"family": "logmel"}}}
        (folder / "heartfeat.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
        print(
            f"{len(store.patients)} patients, {len(store.recordings)} recordings, {', '.join(store.feature_sets)}"
        )
        time_commands(folder, store, options)
        time_fitting(store, options.features or list(store.feature_sets), options.rounds)


def time_commands(folder: Path, store: Store, options: argparse.Namespace) -> None:
    """Print seconds of whole commands."""
    chosen = [f"--features={name}" for name in options.features or store.feature_sets]
    chosen += [f"--jobs={options.jobs}", *(f"--set={pair}" for pair in options.set)]
    command(folder, "logistic", "holdout", *chosen)  # Reads the store once, so that it is warm.
    rows = []
    for head in ("logistic", "lgbm", *(("mambaformer",) if options.mambaformer else ())):
        # Minutes instead of seconds: once is enough.
        rounds = 1 if head == "mambaformer" else options.rounds
        ways = [partial(command, folder, head, kind, *chosen) for kind in ("holdout", "kfold")]
        taken = in_turn(ways, rounds)
        rows.append([f"`fit --head {head}`", *(f"{seconds:.1f}" for seconds in taken)])
    print_table("Whole commands, seconds", ("command", "one fold", "five folds"), rows)


def time_fitting(store: Store, names: Sequence[str], rounds: int) -> None:
    """Print seconds of fitting the pooled heads on one fold, and of the plain alternatives."""
    task = get_task("murmur")
    examples = load_examples(store, names, store.features(names[0]).views, task, tokens=False)
    fold = holdout(stored_cohort(store), task.patient_label).folds[0]
    train, valid = training_sides(examples, 0, fold, EVERYTHING)
    for head in (Logistic, Lgbm):
        rows = fitting(head, train, valid, rounds)
        print_table("Fitting one fold", ("way", "seconds", "of the head"), rows)


if __name__ == "__main__":
    main()
