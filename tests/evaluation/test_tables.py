import polars as pl
import pytest

from heartfeat.errors import RunError
from heartfeat.evaluation.tables import labels_of, read_table, with_labels

TABLE = pl.DataFrame({"recording": ["a", "b", "c"], "label": ["Absent", None, None], "fold": [0, 0, 1]})
STORED = pl.DataFrame({"recording": ["c", "d", "a"], "murmur": [None, "Absent", "Present"]})


def test_labels_take_the_place_of_those_a_table_had():
    labelled = with_labels(TABLE, STORED, "murmur", key="recording")
    assert labelled["label"].to_list() == ["Present", None, None]
    assert labelled.columns == TABLE.columns
    assert labelled.drop("label").equals(TABLE.drop("label"))


@pytest.mark.parametrize("column", ["grade", None])
def test_where_a_store_has_no_such_labels_a_table_stays_as_it_was(column):
    assert labels_of(TABLE, STORED, column, key="recording") is None
    assert with_labels(TABLE, STORED, column, key="recording") is TABLE


def test_tables_are_read_from_parquet_and_from_csv_with_given_types(tmp_path):
    TABLE.write_parquet(tmp_path / "t.parquet")
    TABLE.write_csv(tmp_path / "t.csv")
    assert read_table(tmp_path / "t.parquet", "").equals(TABLE)
    assert read_table(tmp_path / "t.csv", "", {"fold": pl.String})["fold"].to_list() == ["0", "0", "1"]


@pytest.mark.parametrize("content", [None, b"PAR1"])
def test_a_missing_or_damaged_table_is_named_with_the_remedy(tmp_path, content):
    if content:
        (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(RunError, match=r"t\.parquet cannot be read .*; fit again"):
        read_table(tmp_path / "t.parquet", "fit again")
