"""Printing what views, calibration, rules of decision and seeds change, and what abstaining gives."""

from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import TYPE_CHECKING

from heartfeat.commands import cells

if TYPE_CHECKING:
    from pathlib import Path

    from heartfeat.commands.evaluate import Evaluation
    from heartfeat.commands.fit import Fitted
    from heartfeat.evaluation.abstention import Abstention
    from heartfeat.evaluation.results import Results
    from heartfeat.training.runs import RunRecord

RULES = ("weighted_accuracy", "uar", "accuracy", "cost")
VARIANTS = ("weighted_accuracy", "uar", "auroc", "brier", "ece", "mce", "cost")


def variants_and_rules(results: "Results", record: "RunRecord", folder: "Path") -> None:
    """The main scores with and without views and calibration, and under each rule of decision."""
    from heartfeat.evaluation.run_calibration import load_calibration, uncalibrated

    _side_by_side("with and without averaging views and calibration", "done", results.variants(), VARIANTS)
    for line in uncalibrated(load_calibration(folder, len(record.seen))):
        print(line)
    rules = dict(results.rules)
    rules |= {f"{rule}, clean view": scores for rule, scores in results.clean_rules.items()}
    _side_by_side("rules of decision; the run decides by worth", "rule", rules, RULES)


def members(run: "Fitted") -> None:
    """The runs of an ensemble side by side, their mean and standard deviation, and the ensemble itself."""
    scored = [name for name in cells.COMPARED if name in run.results.scores]
    table = cells.table("", "run", *cells.words(*scored))
    for member in run.members:
        table.add_row(
            member.record.name, *(cells.number(name, member.results.scores[name]) for name in scored)
        )
    columns = [[member.results.scores[name] for member in run.members] for name in scored]
    spreads = (
        f"{cells.number(name, mean(values))} ± {cells.number(name, stdev(values))}"
        for name, values in zip(scored, columns, strict=True)
    )
    table.add_row("mean ± sd", *spreads)
    table.add_row(run.record.name, *(cells.number(name, run.results.scores[name]) for name in scored))
    cells.show(table)


def other_tasks(results: "Results") -> None:
    """One line per other task that the heads learned beside."""
    for name, scores in results.tasks.items():
        print(
            f"{name}, learned beside: UAR {scores['uar']:.3f}, AUROC {scores['auroc']:.3f} "
            f"({scores['patients']:.0f} patients)"
        )


def selective(result: "Evaluation") -> None:
    """Area under the coverage-risk curve, and what abstaining gave where it was asked for."""
    curve = result.coverage_risk
    print(
        f"coverage-risk: {curve.risk[-1]:.1%} of decisions are wrong with every patient answered; "
        f"mean over coverages (AURC) {curve.area():.3f}"
    )
    if result.abstention is not None:
        for line in _abstention(result.abstention):
            print(line)


def _abstention(found: "Abstention") -> list[str]:
    def share(name: str) -> str:
        value, (low, high) = found.scores[name], found.intervals[name]
        if value is None:
            return "n/a"
        return f"{value:.1%}" + ("" if low is None or high is None else f" ({low:.1%} to {high:.1%})")

    lines = [
        f"abstaining at {found.rate:g}: {share('coverage')} of {found.patients} patients are answered; "
        f"{share('wrong')} of all are answered wrongly, {share('error')} of those answered",
        "answered by class: "
        + ", ".join(f"{name} {part:.0%}" for name, part in found.answered_classes.items()),
    ]
    few = [fold for fold in found.folds if fold.threshold is None]
    if few:
        fewest = min(fold.valid for fold in few)
        lines.append(
            f"WARNING: {len(few)} of {len(found.folds)} folds abstain on every patient: with {fewest} validation "
            f"patients no rate below {1 / (fewest + 1):.3f} can be promised"
        )
    return lines


def _side_by_side(
    title: str, what: str, rows: Mapping[str, Mapping[str, float]], wanted: Sequence[str]
) -> None:
    if not rows:
        return
    shown = [name for name in wanted if any(name in scores for scores in rows.values())]
    table = cells.table(title, what, *cells.words(*shown))
    for row, scores in rows.items():
        table.add_row(row, *(cells.with_interval(scores, name) for name in shown))
    cells.show(table)
