import polars as pl
import pytest
from polars.testing import assert_frame_equal

from heartfeat.errors import StoreError
from heartfeat.stores.merge_tables import merge_tables


def test_columns_stand_in_the_order_in_which_they_are_met_and_null_takes_any_type():
    one = pl.DataFrame({"a": [1], "n": [None]})
    two = pl.DataFrame({"b": ["x"], "n": [2.5], "a": [3]})
    expected = pl.DataFrame({"a": [1, 3], "n": [None, 2.5], "b": [None, "x"]})
    assert_frame_equal(merge_tables("patients", [one, two], ["1", "2"]), expected)
    assert merge_tables("patients", [two, one], ["2", "1"])["n"].to_list() == [2.5, None]


def test_a_column_that_is_null_everywhere_stays_so():
    table = pl.DataFrame({"n": [None]})
    assert merge_tables("patients", [table, table], ["1", "2"]).schema == {"n": pl.Null}


def test_two_types_of_one_column_are_refused():
    tables = [pl.DataFrame({"a": values}) for values in ([None], [1], ["x"])]
    with pytest.raises(StoreError, match="'a' of the patients table is Int64 in two and String in three"):
        merge_tables("patients", tables, ["one", "two", "three"])
