"""Forest plot: one score of every run with its interval."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from heartfeat.evaluation import svg
from heartfeat.evaluation.run_report import RunReport

_WIDTH, _ROW, _TOP, _BOTTOM, _SIDE = 360.0, 34.0, 8.0, 26.0, 16.0


def forest_plot(runs: Sequence[RunReport], score: str, title: str) -> Markup:
    """Draw one score of every run: a dot for the value, a bar for the 95 % interval.

    The axis spans what is drawn, since intervals of good runs would be lost on an axis from 0 to 1.
    """
    values = [_numbers(run, score) for run in runs]
    finite = [number for numbers in values for number in numbers if math.isfinite(number)]
    low, high, step = _axis(min(finite, default=0.0), max(finite, default=1.0))
    bottom = _TOP + _ROW * len(runs)

    def x(value: float) -> float:
        return _SIDE + (value - low) / (high - low) * (_WIDTH - 2 * _SIDE)

    shapes = []
    for tick in range(round((high - low) / step) + 1):
        at = low + tick * step
        shapes.append(svg.line(x(at), _TOP, x(at), bottom, "grid"))
        shapes.append(svg.text(x(at), bottom + 16, f"{at:.2f}", anchor="middle", kind="tick"))
    for row, (run, (value, lower, upper)) in enumerate(zip(runs, values, strict=True)):
        y = _TOP + _ROW * row + 23
        shapes.append(svg.text(_SIDE, y - 12, run.name, kind="name"))
        if math.isfinite(lower) and math.isfinite(upper):
            shapes.append(svg.line(x(lower), y, x(upper), y, "interval"))
        if math.isfinite(value):
            said = f"{run.name}: {value:.3f} ({lower:.3f} to {upper:.3f})"
            shapes.append(svg.circle(x(value), y, 5, "value", said))
    return svg.figure(_WIDTH, bottom + _BOTTOM, shapes, f"{title} of every run with its 95 % interval")


def _numbers(run: RunReport, score: str) -> tuple[float, float, float]:
    lower, upper = run.intervals.get(score, (math.nan, math.nan))
    return run.scores.get(score, math.nan), lower, upper


def _axis(low: float, high: float) -> tuple[float, float, float]:
    """Ends and tick step: a round step that gives three to seven ticks around the values."""
    span = max(high - low, 0.02)
    step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, math.inf) if span / step <= 5)
    if math.isinf(step):
        step = span / 4
    return math.floor(low / step) * step, math.ceil(high / step + 1e-9) * step, step
