"""The report: one HTML file with everything in it, no scripts and nothing fetched."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from markupsafe import Markup

from heartfeat.evaluation.curves import coverage_risk_curve, reliability_curves, roc_curves
from heartfeat.evaluation.forest import forest_plot
from heartfeat.evaluation.predictions import PREFIX, classes_of
from heartfeat.evaluation.run_report import RunReport
from heartfeat.evaluation.selective import run_coverage_risk

HEADLINES = {"weighted_accuracy": "Weighted accuracy", "uar": "UAR", "auroc": "AUROC"}
"""Scores with a forest plot, and the first columns of the table of runs."""

FURTHER = {"macc": "MAcc", "macro_f1": "Macro F1", "auprc": "AUPRC", "ece": "ECE", "cost": "Cost"}
VARIANT_SCORES = {
    **HEADLINES,
    "brier": "Brier",
    "ece": "ECE",
    "class_ece": "Class ECE",
    "mce": "MCE",
    "cost": "Cost",
}
RULE_SCORES = {
    "weighted_accuracy": "Weighted accuracy",
    "uar": "UAR",
    "macc": "MAcc",
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1",
    "cost": "Cost",
}
GROUP_SCORES = {**HEADLINES, "accuracy": "Accuracy"}
PER_CLASS = {"sensitivity": "Sensitivity", "specificity": "Specificity", "auroc": "AUROC", "auprc": "AUPRC"}


@dataclass(frozen=True)
class _Cell:
    """A cell of a confusion matrix: count, share of its row (0 to 1), and whether it is a right answer."""

    count: int
    share: float
    right: bool


@dataclass(frozen=True)
class _Comparison:
    """Scores of one run in several ways: what the ways are, columns by score, rows by way."""

    what: str
    columns: Mapping[str, str]
    rows: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class _Shown:
    """One run as the page shows it."""

    run: RunReport
    classes: tuple[str, ...]
    confusion: list[list[_Cell]]
    roc: Markup
    reliability: Markup
    coverage_risk: Markup
    area: float
    comparisons: list["_Comparison"]
    settings: list[tuple[str, str]]


def write_report(
    path: Path,
    title: str,
    cohort_summary: Mapping[str, Any],
    runs: Sequence[RunReport],
    differences: pl.DataFrame | None = None,
) -> None:
    """Write the report of some runs on one cohort.

    Parameters
    ----------
    path
        The HTML file to write; its folder must exist.
    title
        Headline.
    cohort_summary
        What the runs were judged on, shown in the order given: numbers and texts as figures (``patients``,
        ``persons``, ``recordings``, ``skipped`` ...), mappings as small tables (counts per class or site,
        reasons for skipping).
    runs
        Judged runs; they are shown best first, by MAcc where they have it, else by weighted accuracy.
    differences
        Paired differences, see :func:`heartfeat.evaluation.compare.compare_with`; left out where there are none.
    """
    best_first = sorted(runs, key=lambda run: -_or(_main_score(run.scores), -math.inf))
    page = _template().render(
        title=title,
        facts={name: value for name, value in cohort_summary.items() if not isinstance(value, Mapping)},
        tables={name: value for name, value in cohort_summary.items() if isinstance(value, Mapping)},
        runs=[_shown(run) for run in best_first],
        forests=[(name, forest_plot(best_first, score, name)) for score, name in HEADLINES.items()],
        headlines=HEADLINES,
        further={k: v for k, v in FURTHER.items() if any(k in run.scores for run in runs)},
        per_class=PER_CLASS,
        of_groups=GROUP_SCORES,
        differences=[] if differences is None else _best_first(differences, best_first),
        differing=[] if differences is None else _differing(differences),
    )
    path.write_text(page, encoding="utf-8")


def _main_score(scores: Mapping[str, float]) -> float | None:
    return scores.get("macc", scores.get("weighted_accuracy"))


def _template() -> Any:  # noqa: ANN401 - jinja2 is imported only when a report is written
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("heartfeat.evaluation", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": _number, "signed": _signed, "fact": _fact, "words": _words}
    return environment.get_template("report.html.j2")


def _shown(run: RunReport) -> _Shown:
    classes = classes_of(run.predictions)
    known = run.predictions.drop_nulls("label")
    labels = np.array([classes.index(name) for name in known["label"]], dtype=np.int64)
    probabilities = known.select(f"{PREFIX}{name}" for name in classes).to_numpy()
    curve = run_coverage_risk(run.predictions)
    return _Shown(
        run=run,
        classes=classes,
        confusion=_cells(run.confusion),
        roc=roc_curves(labels, probabilities, classes),
        reliability=reliability_curves(labels, probabilities, classes),
        coverage_risk=coverage_risk_curve(curve),
        area=curve.area(),
        comparisons=[
            _comparison("Averaged views, calibration", VARIANT_SCORES, run.variants),
            _comparison("Rule of decision", RULE_SCORES, run.rules),
        ],
        settings=list(_flat(run.settings)),
    )


def _comparison(
    what: str, columns: Mapping[str, str], rows: Mapping[str, Mapping[str, float]]
) -> _Comparison:
    """Scores that no row has are left out."""
    there = {key: name for key, name in columns.items() if any(key in scores for scores in rows.values())}
    return _Comparison(what, there, rows)


def _best_first(differences: pl.DataFrame, runs: Sequence[RunReport]) -> list[dict[str, Any]]:
    row_of = {row["run"]: row for row in differences.drop_nulls("against").iter_rows(named=True)}
    return [row_of[run.name] for run in runs if run.name in row_of]


def _differing(differences: pl.DataFrame) -> list[tuple[str, str]]:
    """Keys and names of the scores that runs were compared by."""
    named = (HEADLINES | FURTHER).items()
    return [(key, name) for key, name in named if f"{key}_difference" in differences.columns]


def _cells(confusion: np.ndarray) -> list[list[_Cell]]:
    return [
        [
            _Cell(int(count), float(count / max(row.sum(), 1)), true == given)
            for given, count in enumerate(row)
        ]
        for true, row in enumerate(np.asarray(confusion))
    ]


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested settings as dotted names and texts."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, (list, tuple)):
            yield f"{prefix}{name}", ", ".join(map(str, value))
        else:
            yield f"{prefix}{name}", str(value)


def _number(value: float | None, digits: int = 3) -> str:
    """A score as text; large ones (costs) without decimals, undefined ones as n/a."""
    if value is None or not math.isfinite(value):
        return "n/a"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.{digits}f}"


def _signed(value: float | None) -> str:
    """A difference as text, with its sign."""
    text = _number(value)
    return f"+{text}" if value is not None and value > 0 else text


def _fact(value: object) -> str:
    """A figure of the cohort as text: thousands separated, fractions to one decimal."""
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _words(name: str) -> str:
    """A key as words."""
    return name.replace("_", " ")


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None or math.isnan(value) else value
