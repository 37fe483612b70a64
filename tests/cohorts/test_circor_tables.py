import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heartfeat.cohorts.circor_fields import FIELDS
from heartfeat.cohorts.circor_tables import read_csv_rows, read_text_rows
from heartfeat.errors import CohortError

HEADER = [
    "13918 2 4000",
    "AV 13918_AV.hea 13918_AV.wav 13918_AV.tsv",
    "MV 13918_MV.hea 13918_MV.wav 13918_MV.tsv",
]
LINES = [*HEADER, *(f"#{field}: nan" for field in FIELDS[2:])]


def write(path, lines):
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("column", FIELDS)
def test_a_missing_column_is_named(circor, column):
    circor.add(1).write(columns=[name for name in FIELDS if name != column])
    with pytest.raises(CohortError, match=f"csv, line 1: the column '{column}' is missing; expected"):
        read_csv_rows(circor.folder / "training_data.csv")


def test_columns_may_stand_in_any_order_beside_others(circor):
    circor.add(1, Murmur="Unknown", Notes="x").write(columns=[*reversed(FIELDS), "Notes"])
    assert read_csv_rows(circor.folder / "training_data.csv")[0].text("Murmur") == "Unknown"


def test_lines_are_counted_over_blank_ones_and_the_byte_order_mark_is_no_name(tmp_path):
    rows = [",".join(FIELDS), "", ",".join(["1", *["nan"] * (len(FIELDS) - 1)]), "", "2,AV"]
    path = tmp_path / "training_data.csv"
    path.write_text("\n".join(rows), encoding="utf-8-sig")
    with pytest.raises(CohortError, match=f"line 5: 2 values where the header has {len(FIELDS)} columns"):
        read_csv_rows(path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"a,b\n1,2\n", b'"unclosed'])
def test_a_file_that_is_no_table(tmp_path, content):
    path = tmp_path / "training_data.csv"
    path.write_bytes(content)
    with pytest.raises(CohortError, match=r"training_data\.csv"):
        read_csv_rows(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 5000), st.sampled_from(b'\x00\n\r,"x0\xff')), min_size=1, max_size=4)
)
def test_a_damaged_table_is_read_or_refused_by_name(tmp_path, changes):
    path = tmp_path / "training_data.csv"
    values = ",".join(["12", "AV+PV", *["nan"] * (len(FIELDS) - 2)])
    content = bytearray("\n".join([",".join(FIELDS), values, values.replace("12", "34")]).encode())
    for at, value in changes:
        content[at % len(content)] = value
    path.write_bytes(content)
    try:
        rows = read_csv_rows(path)
    except CohortError as error:
        sound = str(path) in str(error)
    else:
        sound = all(set(FIELDS) <= set(row.values) for row in rows)
    assert sound


def test_text_headers_are_read_in_numeric_order(tmp_path):
    for patient in ("13918", "9979"):
        write(tmp_path / f"{patient}.txt", [line.replace("13918", patient) for line in LINES])
    (tmp_path / "LICENSE.txt").write_text("free")
    rows = read_text_rows(tmp_path)
    assert [row.patient() for row in rows] == ["9979", "13918"]
    assert rows[0].sites("Recording locations") == ["AV", "MV"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "line 1: expected '<patient>"),
        (["13918"], "line 1: expected '<patient>"),
        (LINES[:2] + LINES[3:], "line 1: promises 2 recordings, 1 are listed"),
        (["13918 ² 4000", *LINES[1:]], "line 1: expected '<patient>"),
        (["13919 2 4000", *LINES[1:]], "line 1: is about patient '13919', the file's name says '13918'"),
        ([*LINES, "#Age: Child"], "line 25: the line '#Age: ...' is there twice"),
        (LINES[:-1], "line 23: the file ends without the line '#Additional ID"),
    ],
)
def test_a_damaged_text_header_names_file_and_line(tmp_path, lines, message):
    write(tmp_path / "13918.txt", lines)
    with pytest.raises(CohortError) as caught:
        read_text_rows(tmp_path)
    assert f"{tmp_path / '13918.txt'}, {message}" in str(caught.value)


def test_a_bad_value_in_a_text_header_names_its_line(tmp_path):
    lines = ["#Height: tall" if line.startswith("#Height") else line for line in LINES]
    row = read_text_rows(write(tmp_path / "13918.txt", lines).parent)[0]
    with pytest.raises(CohortError, match=r"13918\.txt, line 6: Height is 'tall'"):
        row.positive("Height")
