"""ROC, reliability and coverage-risk curves as inline SVG."""

import math
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from heartfeat.evaluation import svg
from heartfeat.evaluation.calibration import reliability
from heartfeat.evaluation.ranking import roc_points
from heartfeat.evaluation.selective import CoverageRisk

_SIZE, _LEFT, _TOP, _BOTTOM, _RIGHT = 220.0, 44.0, 8.0, 40.0, 10.0


def roc_curves(labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]) -> Markup:
    """One ROC curve per class against the rest; a class that is all or nothing has none.

    Parameters
    ----------
    labels
        ``(P,)`` class codes.
    probabilities
        ``(P, C)``.
    classes
        Class names.
    """
    shapes = _frame("1 - specificity", "sensitivity")
    for code in range(len(classes)):
        positive = labels == code
        if positive.any() and not positive.all():
            rates = zip(*roc_points(positive, probabilities[:, code]), strict=True)
            shapes.append(svg.polyline([_place(*point) for point in rates], f"curve c{code}"))
    return svg.figure(*_extent(), shapes, "ROC curve of each class against the rest")


def reliability_curves(labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]) -> Markup:
    """How often each class came true, by the probability it was given; discs grow with the share of patients.

    Arguments as for :func:`roc_curves`.
    """
    shapes = _frame("probability given", "share that came true")
    for code, name in enumerate(classes):
        bins = reliability(probabilities[:, code], labels == code)
        filled = np.flatnonzero(bins.weight > 0)
        points = [(float(bins.claimed[b]), float(bins.observed[b])) for b in filled]
        shapes.append(svg.polyline([_place(*point) for point in points], f"curve c{code}"))
        for b, (claimed, observed) in zip(filled, points, strict=True):
            said = f"{name}: {claimed:.2f} given, {observed:.2f} came true, {bins.weight[b]:.0%} of patients"
            radius = 1.5 + 6 * math.sqrt(bins.weight[b])
            shapes.append(svg.circle(*_place(claimed, observed), radius, f"disc c{code}", said))
    return svg.figure(*_extent(), shapes, "Reliability of the probabilities of each class")


def coverage_risk_curve(curve: CoverageRisk) -> Markup:
    """Share of wrong decisions among the surest patients, by the share of patients that is answered."""
    shapes = _frame("share of patients answered", "share of answers wrong", diagonal=False)
    points = zip(curve.coverage.tolist(), curve.risk.tolist(), strict=True)
    shapes.append(svg.polyline([_place(*point) for point in points], "curve c0"))
    if len(curve.risk):
        end = float(curve.coverage[-1]), float(curve.risk[-1])
        shapes.append(
            svg.circle(*_place(*end), 3.5, "disc c0", f"every patient answered: {end[1]:.1%} wrong")
        )
    return svg.figure(*_extent(), shapes, "Coverage-risk curve")


def _frame(across: str, up: str, *, diagonal: bool = True) -> list[str]:
    shapes = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        (x, y), (left, bottom), (right, top) = _place(tick, tick), _place(0, 0), _place(1, 1)
        shapes += [svg.line(x, top, x, bottom, "grid"), svg.line(left, y, right, y, "grid")]
        if tick in (0.0, 0.5, 1.0):
            shapes.append(svg.text(x, bottom + 15, f"{tick:.1f}", anchor="middle", kind="tick"))
            shapes.append(svg.text(left - 6, y + 4, f"{tick:.1f}", anchor="end", kind="tick"))
    if diagonal:
        shapes.append(svg.line(*_place(0, 0), *_place(1, 1), "chance"))
    middle = _LEFT + _SIZE / 2
    shapes.append(svg.text(middle, _TOP + _SIZE + 33, across, anchor="middle", kind="axis"))
    turned = svg.text(0, 0, up, anchor="middle", kind="axis")
    shapes.append(f'<g transform="translate(12 {_TOP + _SIZE / 2:.1f}) rotate(-90)">{turned}</g>')
    return shapes


def _place(x: float, y: float) -> tuple[float, float]:
    return _LEFT + x * _SIZE, _TOP + (1 - y) * _SIZE


def _extent() -> tuple[float, float]:
    return _LEFT + _SIZE + _RIGHT, _TOP + _SIZE + _BOTTOM
