import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heartfeat.errors import RecordingError
from heartfeat.signals.segmentation.annotation import annotated_states, read_annotation, write_annotation


def written(tmp_path, text):
    path = tmp_path / "1_AV.tsv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_rows_are_read_in_order_of_time(tmp_path):
    path = written(tmp_path, "0.5\t1.25\t2\r\n0\t0.5\t1\r\n\r\n")
    assert read_annotation(path).tolist() == [[0, 0.5, 1], [0.5, 1.25, 2]]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", 0),
        ("\n\n", 0),
        ("0\t0\t28\n", 0),
        ("0\t1\t1\n1\t1\t0\n", 1),
        ("0\t1\t1\n1\t2\t2\n0\t1\t1\n1\t2\t2\n", 2),
        ("0\t1.0009\t1\n1\t2\t2\n", 2),
    ],
    ids=["nothing", "blank lines", "no length, unknown state", "no length", "all twice", "a millisecond"],
)
def test_quirks_of_the_published_files_pass(tmp_path, text, rows):
    assert read_annotation(written(tmp_path, text)).shape == (rows, 3)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("0\t1\n", "line 1: expected start, end and state with tabs between"),
        ("0 1 1\n", "line 1: expected start, end and state"),
        ("0\t1\t1\t1\n", "line 1: expected start"),
        ("start\tend\tstate\n0\t1\t1\n", "line 1: expected start"),
        ("0\t1\t1\n1\tzwei\t2\n", "line 2: expected start"),
        ("0\t1_0\t1\n", "line 1: expected start"),
        ("0\tnan\t1\n", "line 1: 0 to nan s is no interval"),
        ("0\tinf\t1\n", "line 1: 0 to inf s is no interval"),
        ("-1\t1\t1\n", "line 1: -1 to 1 s is no interval"),
        ("2\t1\t1\n", "end must not be before start"),
        ("0\t1\t5\n", "line 1: the state '5' does not exist"),
        ("0\t1\t1.5\n", r"line 1: the state '1.5' does not exist"),
        ("0\t1\tnan\n", "line 1: the state 'nan' does not exist"),
        ("0\t1\t1\n0.5\t2\t2\n", "0 to 1 s and 0.5 to 2 s overlap"),
        ("0\t5\t1\n1\t2\t2\n", "0 to 5 s and 1 to 2 s overlap"),
        (b"\xff\xfe0\t1\t1\n", "cannot be read"),
    ],
)
def test_what_is_no_annotation_is_refused_with_its_line(tmp_path, text, rule):
    with pytest.raises(RecordingError, match=rule) as caught:
        read_annotation(written(tmp_path, text))
    assert caught.value.reason == "bad annotation"


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "absent.tsv", tmp_path):
        with pytest.raises(RecordingError, match="cannot be read"):
            read_annotation(path)


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=80) | st.text("0123456789.-\t\n e_", max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    path = written(tmp_path_factory.getbasetemp(), content)
    try:
        rows = read_annotation(path)
    except RecordingError:
        return
    assert (rows[:, 0] < rows[:, 1]).all()
    assert np.isin(rows[:, 2], range(5)).all()
    assert annotated_states(rows, 1.0).shape == (50,)


def test_the_state_of_a_frame_is_the_one_at_its_middle():
    rows = np.array([[0.01, 0.03, 1], [0.03, 0.0701, 2], [0.11, 9.0, 4]])
    # Middles at 0.01, 0.03, 0.05, 0.07, 0.09, 0.11, 0.13 s.
    assert annotated_states(rows, 0.14).tolist() == [1, 2, 2, 2, 0, 4, 4]


def test_nothing_annotated_is_state_0_everywhere():
    assert annotated_states(np.empty((0, 3)), 0.1).tolist() == [0] * 5


@given(states=st.lists(st.integers(0, 4), min_size=1, max_size=300))
def test_written_states_are_read_back(tmp_path_factory, states):
    path = tmp_path_factory.getbasetemp() / "states.tsv"
    write_annotation(path, np.array(states, np.uint8))
    assert annotated_states(read_annotation(path), len(states) / 50).tolist() == states


@pytest.mark.data
def test_every_published_annotation_is_read(data_folder):
    files = sorted(data_folder.glob("circor*/training_data/*.tsv"))
    assert len(files) > 2000
    empty = [file.stem for file in files if not (read_annotation(file)[:, 2] > 0).any()]
    assert empty == ["50782_MV_1"]
