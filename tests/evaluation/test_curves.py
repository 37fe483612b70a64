from xml.etree import ElementTree

import numpy as np

from heartfeat.evaluation.curves import coverage_risk_curve, reliability_curves, roc_curves
from heartfeat.evaluation.selective import coverage_risk

CLASSES = ("Present", "Unknown", "Absent")
LABELS = np.array([0, 0, 2, 2])
PROBABILITIES = np.array([[0.9, 0.05, 0.05], [0.6, 0.1, 0.3], [0.2, 0.1, 0.7], [0.1, 0.0, 0.9]])


def _curves(drawing):
    lines = ElementTree.fromstring(str(drawing)).iter("polyline")
    return {line.attrib["class"]: [_pair(point) for point in line.attrib["points"].split()] for line in lines}


def _pair(point):
    x, y = point.split(",")
    return float(x), float(y)


def test_a_perfect_class_runs_up_the_left_side_and_along_the_top():
    curve = _curves(roc_curves(LABELS, PROBABILITIES, CLASSES))["curve c0"]
    left, top = curve[0][0], curve[-1][1]
    assert all(x == left or y == top for x, y in curve)


def test_a_class_that_does_not_occur_has_no_roc_curve():
    assert set(_curves(roc_curves(LABELS, PROBABILITIES, CLASSES))) == {"curve c0", "curve c2"}


def test_reliability_discs_say_what_they_stand_for():
    drawing = reliability_curves(LABELS, PROBABILITIES, CLASSES)
    titles = [title.text for title in ElementTree.fromstring(str(drawing)).iter("title")]
    assert "Present: 0.90 given, 1.00 came true, 25% of patients" in titles
    assert len(_curves(drawing)) == 3


def test_no_patients_draw_an_empty_frame():
    nobody = np.zeros((0, 3))
    assert _curves(roc_curves(np.zeros(0, int), nobody, CLASSES)) == {}


def test_the_coverage_risk_curve_ends_where_every_patient_is_answered():
    drawn = coverage_risk_curve(
        coverage_risk(np.array([0.9, 0.8, 0.7, 0.6]), np.array([0, 0, 1, 0], dtype=bool))
    )
    assert "25.0% wrong" in drawn
    assert "chance" not in drawn
