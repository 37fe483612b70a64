import dataclasses
import math
import re
from xml.etree import ElementTree

import pytest

from heartfeat.evaluation.forest import forest_plot


def _drawn(drawing, tag):
    return [shape.attrib for shape in ElementTree.fromstring(str(drawing)).iter(tag)]


def test_each_run_is_a_dot_inside_its_interval(make_run):
    drawing = forest_plot([make_run("a"), make_run("b", 2.0)], "uar", "UAR")
    dots = [float(dot["cx"]) for dot in _drawn(drawing, "circle")]
    bars = [
        (float(bar["x1"]), float(bar["x2"])) for bar in _drawn(drawing, "line") if bar["class"] == "interval"
    ]
    assert len(dots) == len(bars) == 2
    assert all(low <= dot <= high for dot, (low, high) in zip(dots, bars, strict=True))
    assert dots[0] < dots[1]


@pytest.mark.parametrize(("low", "high"), [(0.70, 0.71), (0.05, 0.98), (0.5, 0.5), (-3.0, 9000.0)])
def test_ticks_are_few_and_span_what_is_drawn(make_run, low, high):
    run = dataclasses.replace(make_run(), scores={"uar": low}, intervals={"uar": (low, high)})
    text = str(forest_plot([run], "uar", "UAR"))
    ticks = [float(tick) for tick in re.findall(r'class="tick">([^<]+)<', text)]
    assert 2 <= len(ticks) <= 8
    assert ticks[0] <= low + 0.005
    assert ticks[-1] >= high - 0.005


def test_an_undefined_score_has_a_name_and_no_dot(make_run):
    run = dataclasses.replace(make_run("mute"), scores={"uar": math.nan}, intervals={})
    drawing = forest_plot([run], "uar", "UAR")
    assert _drawn(drawing, "circle") == []
    assert "mute" in drawing
