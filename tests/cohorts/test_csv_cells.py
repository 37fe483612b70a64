import pytest

from heartfeat.cohorts.csv_cells import read_cells, read_records
from heartfeat.errors import CohortError


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "table.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_empty_rows_and_blanks_at_the_ends_are_left_out_and_lines_counted(table):
    assert read_cells(table("\ufeffa, b \n\n,\n'c',d\n")) == [(1, ["a", "b"]), (4, ["'c'", "d"])]


def test_columns_are_found_by_name_wherever_they_stand(table):
    rows = read_records(table('x,"long\nname",y\n1,2,3\n'), ("y", "long\nname"))
    assert rows == [(3, {"y": "3", "long\nname": "2"})]


def test_a_missing_column_is_named(table):
    with pytest.raises(CohortError, match=r"line 1: the column 'y' is missing"):
        read_records(table("x\n1\n"), ("x", "y"))


def test_a_repeated_column_is_refused_where_it_is_wanted(table):
    path = table("x,y,y:\n1,2,3\n")
    assert read_records(path, ("x",)) == [(2, {"x": "1"})]
    with pytest.raises(CohortError, match="line 1: the column 'y' is there 2 times"):
        read_records(path, ("x", "y"))


def test_a_row_of_another_width_is_named_with_its_line(table):
    with pytest.raises(CohortError, match="line 3: 1 values where the header has 2"):
        read_records(table("x,y\n1,2\n3\n"), ("x",))


@pytest.mark.parametrize("text", ['a,"b\n', b"\xff\xfe\x00"])
def test_what_is_no_csv_text_is_refused(table, text):
    with pytest.raises(CohortError, match=r"table\.csv"):
        read_cells(table(text))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(CohortError, match="cannot be read"):
        read_cells(tmp_path / "absent.csv")
