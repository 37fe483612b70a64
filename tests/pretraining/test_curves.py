from xml.etree import ElementTree

from heartfeat.pretraining.curves import draw_curves

SVG = "{http://www.w3.org/2000/svg}"


def test_each_figure_has_a_curve_over_the_steps():
    history = [
        {"step": 0.0, "seconds": 0.0, "probe_rank": 2.0},
        {"step": 5.0, "seconds": 1.0, "probe_rank": 4.0, "loss": 3.0},
        {"step": 10.0, "seconds": 2.0, "probe_rank": 3.0, "loss": float("nan")},
    ]
    root = ElementTree.fromstring(draw_curves(history))
    assert root.tag == f"{SVG}svg"
    lines = [one.attrib["points"].split() for one in root.iter(f"{SVG}polyline")]
    assert [len(points) for points in lines] == [3, 1]
    places = [tuple(map(float, point.split(","))) for point in lines[0]]
    assert places[0][0] < places[1][0] < places[2][0]
    assert places[1][1] < places[2][1] < places[0][1]
    words = [one.text for one in root.iter(f"{SVG}text")]
    assert "probe rank" in words
    assert "2 to 4, at last 3" in words


def test_a_training_of_no_steps_is_drawn_too():
    assert ElementTree.fromstring(draw_curves([])).tag == f"{SVG}svg"
    assert ElementTree.fromstring(draw_curves([{"step": 0.0, "loss": 1.0}])).find(f"{SVG}circle") is not None
