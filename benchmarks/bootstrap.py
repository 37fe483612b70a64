"""Confidence intervals of every score by resampling persons, against a plain loop over the resamples.

The loop draws the persons of each resample and scores their patients with scikit-learn: balanced accuracy,
accuracy, macro and weighted F1, Matthews correlation, AUROC and average precision per class. heartfeat computes
all of its scores, which are those and the weighted accuracy, specificities and calibration besides. The loop runs
over fewer resamples, whose time is scaled up.

    python benchmarks/bootstrap.py
    python benchmarks/bootstrap.py --patients 678 --resamples 1000
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from sklearn import metrics

from heartfeat.evaluation.bootstrap import bootstrap_intervals
from heartfeat.tasks import MURMUR


def predictions(patients: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels ``(P,)``, probabilities ``(P, 3)`` and decisions ``(P,)`` with about CirCor's class shares."""
    generator = np.random.default_rng(0)
    labels = generator.choice(3, patients, p=[0.18, 0.08, 0.74])
    probabilities = generator.dirichlet([1, 1, 1], patients)
    probabilities[np.arange(patients), labels] += 0.4
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return labels, probabilities, probabilities.argmax(axis=1)


def plain_loop(
    labels: np.ndarray, probabilities: np.ndarray, decisions: np.ndarray, resamples: int
) -> dict[str, np.ndarray]:
    """95 % interval of each score, ``(2,)``, from one scikit-learn call per score and resample."""
    generator = np.random.default_rng(0)
    draws: dict[str, list[float]] = {}
    for _ in range(resamples):
        chosen = generator.integers(0, len(labels), len(labels))
        for name, value in scores(labels[chosen], probabilities[chosen], decisions[chosen]).items():
            draws.setdefault(name, []).append(value)
    return {name: np.percentile(values, [2.5, 97.5]) for name, values in draws.items()}


def scores(labels: np.ndarray, probabilities: np.ndarray, decisions: np.ndarray) -> dict[str, float]:
    """The scores that scikit-learn has."""
    found = {
        "uar": metrics.balanced_accuracy_score(labels, decisions),
        "accuracy": metrics.accuracy_score(labels, decisions),
        "macro_f1": metrics.f1_score(labels, decisions, average="macro"),
        "weighted_f1": metrics.f1_score(labels, decisions, average="weighted"),
        "mcc": metrics.matthews_corrcoef(labels, decisions),
    }
    for code, name in enumerate(MURMUR.classes):
        found[f"auroc_{name}"] = metrics.roc_auc_score(labels == code, probabilities[:, code])
        found[f"auprc_{name}"] = metrics.average_precision_score(labels == code, probabilities[:, code])
    return {name: float(value) for name, value in found.items()}


def seconds_of(work: Callable[[], object], repeats: int) -> float:
    """Median wall-clock seconds."""
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=2000)
    parser.add_argument("--looped", type=int, default=50, help="resamples that the plain loop really makes")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    drawn = predictions(arguments.patients)
    persons = [str(number) for number in range(arguments.patients)]

    ours = seconds_of(
        lambda: bootstrap_intervals(MURMUR, *drawn, persons, resamples=arguments.resamples), arguments.repeats
    )
    looped = seconds_of(lambda: plain_loop(*drawn, arguments.looped), arguments.repeats)
    loop = looped * arguments.resamples / arguments.looped
    print(f"{arguments.resamples} resamples of {arguments.patients} patients, murmur")
    print(f"| heartfeat, every score | {ours:.2f} s |")
    print(f"| plain loop, scikit-learn | {loop:.1f} s (from {arguments.looped} resamples) |")
    print(f"| times slower | {loop / ours:.0f} |")


if __name__ == "__main__":
    main()
