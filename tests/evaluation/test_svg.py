from xml.etree import ElementTree

from heartfeat.evaluation import svg


def test_a_figure_is_well_formed_and_says_what_it_shows():
    shapes = [
        svg.line(0, 0, 1, 1, "grid"),
        svg.circle(1, 2, 3, "value", "a & b"),
        svg.polyline([(0, 1), (2, 3)], "c"),
    ]
    root = ElementTree.fromstring(str(svg.figure(10, 20, shapes, "what & why")))
    assert root.attrib["viewBox"] == "0 0 10 20"
    assert root.attrib["aria-label"] == "what & why"
    assert [child.tag for child in root] == ["line", "circle", "polyline"]
    assert root.find("circle/title").text == "a & b"


def test_text_is_escaped():
    assert "<b>" not in svg.text(0, 0, "<b>")


def test_a_document_stands_by_itself():
    text = svg.document(10, 20, [svg.line(0, 0, 1, 1, "grid")], "what", ".grid{stroke:red}")
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert [child.tag.split("}")[1] for child in root] == ["style", "line"]
