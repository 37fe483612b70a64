import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from heartfeat.errors import StoreError
from heartfeat.stores.container import open_container
from heartfeat.stores.location import locate
from heartfeat.stores.tables import read_column, read_table, table_columns, write_table
from heartfeat.stores.tree_writer import create_container

TABLE = pl.DataFrame(
    {
        "recording": ["a", "ü", ""],
        "grade": pl.Series([1, None, 3], dtype=pl.Int8),
        "snr_db": [float("nan"), None, -0.0],
        "pregnant": [None, True, False],
        "nothing": pl.Series([None] * 3, dtype=pl.Null),
    }
)


def written(path, table):
    with create_container(locate(path), path) as writer:
        writer.group("", {})
        write_table(writer, "recordings", table)
    return open_container(locate(path))


@pytest.mark.parametrize("table", [TABLE, TABLE.clear(), pl.DataFrame()])
def test_a_table_comes_back_with_its_types_and_column_order(path, table):
    assert_frame_equal(read_table(written(path, table), "recordings"), table)


def test_one_column_can_be_read_alone(path):
    container = written(path, TABLE)
    assert table_columns(container, "recordings") == (3, TABLE.columns)
    assert read_column(container, "recordings", "grade").to_list() == [1, None, 3]


def test_an_unknown_column_is_answered_with_the_nearest(path):
    with pytest.raises(StoreError, match="no column 'grad'; did you mean 'grade'"):
        read_column(written(path, TABLE), "recordings", "grad")


def test_a_column_of_another_length_than_its_table_is_damage(tmp_path):
    written(tmp_path / "x.zarr", TABLE)
    file = tmp_path / "x.zarr/recordings/zarr.json"
    content = json.loads(file.read_text())
    content["attributes"]["rows"] = 4
    del content["attributes"]["checksums"]
    file.write_text(json.dumps(content))
    with pytest.raises(StoreError, match="damaged at recordings/recording: 3 rows in a table of 4"):
        read_table(open_container(locate(tmp_path / "x.zarr")), "recordings")


def test_a_table_that_does_not_say_its_columns_is_damage(tmp_path):
    with create_container(locate("x.zarr"), tmp_path / "x.zarr") as writer:
        writer.group("recordings", {"rows": 3})
    with pytest.raises(
        StoreError, match="damaged at recordings: the table does not say its rows and columns"
    ):
        table_columns(open_container(locate(tmp_path / "x.zarr")), "recordings")
