import numpy as np
import pytest

from heartfeat.errors import ConfigError
from heartfeat.evaluation.label_map import map_probabilities, parse_label_map
from heartfeat.tasks import MURMUR, NORMAL_ABNORMAL, OUTCOME, PASCAL

MAP = {"Present": "Abnormal", "Unknown": "Abnormal", "Absent": "Normal"}


def test_pairs_are_read_in_any_order_and_blanks_do_not_matter():
    text = "Absent = Normal,Present=Abnormal , Unknown=Abnormal"
    assert parse_label_map(text, MURMUR, NORMAL_ABNORMAL) == MAP
    assert list(parse_label_map(text, MURMUR, NORMAL_ABNORMAL)) == list(MURMUR.classes)
    spaced = parse_label_map("Abnormal=Extra sound, Normal=Normal", OUTCOME, PASCAL)
    assert spaced == {"Abnormal": "Extra sound", "Normal": "Normal"}


def test_no_map_is_needed_where_the_classes_are_the_same():
    assert parse_label_map(None, OUTCOME, NORMAL_ABNORMAL) == {"Abnormal": "Abnormal", "Normal": "Normal"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r'--map "Present=\.\.\., Unknown=\.\.\., Absent=\.\.\."'),
        ("Present=Abnormal, Absent=Normal", "leaves out Unknown"),
        ("Present=Abnormal, Unknown=Abnormal, Absent=Normal, Absent=Abnormal", "names Absent twice"),
        ("Present=abnormal", "did you mean 'Abnormal'"),
        ("Presnt=Abnormal", "did you mean 'Present'"),
        ("Present", "wants pairs such as Present=Abnormal"),
        ("", "wants pairs"),
    ],
)
def test_a_map_that_is_not_whole_is_refused(text, message):
    with pytest.raises(ConfigError, match=message):
        parse_label_map(text, MURMUR, NORMAL_ABNORMAL)


def test_probabilities_of_classes_that_become_one_are_summed():
    said = np.array([[0.5, 0.2, 0.3], [0.0, 0.1, 0.9]])
    mapped = map_probabilities(MAP, MURMUR, NORMAL_ABNORMAL, said)
    assert np.allclose(mapped, [[0.7, 0.3], [0.1, 0.9]])


def test_a_class_that_nothing_is_mapped_to_gets_none():
    mapped = map_probabilities(
        {"Abnormal": "Murmur", "Normal": "Normal"}, OUTCOME, PASCAL, np.array([[0.4, 0.6]])
    )
    assert np.allclose(mapped, [[0.4, 0, 0, 0, 0.6]])
