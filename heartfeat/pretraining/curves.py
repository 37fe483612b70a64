"""The course of a training as one SVG file: a small curve per figure over the steps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from heartfeat.evaluation import svg

WIDTH, HEIGHT, COLUMNS = 250.0, 150.0, 3
LEFT, RIGHT, TOP, BOTTOM = 12.0, 12.0, 40.0, 24.0

STYLE = (
    "svg{background:#fff}text{font:12px system-ui,sans-serif;fill:#667}.name{fill:#223;font-weight:600}"
    ".axis{stroke:#ccd}.curve{fill:none;stroke:#2463a6;stroke-width:2;stroke-linejoin:round}.last{fill:#2463a6}"
)

NOT_DRAWN = ("step", "seconds")


def draw_curves(history: Sequence[Mapping[str, float]]) -> str:
    """An SVG document with a panel for each figure of a training's history; figures without a number are left out.

    Parameters
    ----------
    history
        One dict per look, each with its ``step``; a figure may be missing from some.
    """
    names = [name for name in dict.fromkeys(name for row in history for name in row) if name not in NOT_DRAWN]
    points = {
        name: [(r["step"], r[name]) for r in history if math.isfinite(r.get(name, math.nan))]
        for name in names
    }
    drawn = [name for name in names if points[name]]
    last = max((row["step"] for row in history), default=0.0)
    shapes = []
    for place, name in enumerate(drawn):
        row, column = divmod(place, COLUMNS)
        shapes += _panel(name.replace("_", " "), points[name], last, column * WIDTH, row * HEIGHT)
    rows = max(1, math.ceil(len(drawn) / COLUMNS))
    return svg.document(
        COLUMNS * WIDTH, rows * HEIGHT, shapes, "Figures of the training over its steps", STYLE
    )


def _panel(
    title: str, points: Sequence[tuple[float, float]], last: float, left: float, top: float
) -> list[str]:
    """Shapes of one curve whose panel begins at ``left`` and ``top``; the axis spans what is drawn."""
    values = [value for _, value in points]
    low, high = min(values), max(values)
    span = high - low or 1.0
    bottom = top + HEIGHT - BOTTOM

    def place(step: float, value: float) -> tuple[float, float]:
        across = left + LEFT + step / (last or 1.0) * (WIDTH - LEFT - RIGHT)
        return across, bottom - (value - low) / span * (HEIGHT - TOP - BOTTOM)

    return [
        svg.text(left + LEFT, top + 16, title, kind="name"),
        svg.text(left + LEFT, top + 32, f"{low:.4g} to {high:.4g}, at last {values[-1]:.4g}"),
        svg.line(left + LEFT, bottom, left + WIDTH - RIGHT, bottom, "axis"),
        svg.text(left + WIDTH - RIGHT, bottom + 16, f"step {last:,.0f}", anchor="end"),
        svg.polyline([place(*point) for point in points], "curve"),
        svg.circle(*place(*points[-1]), 3, "last", f"{title}: {values[-1]:.4g}"),
    ]
