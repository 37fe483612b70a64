import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from heartfeat.errors import StoreError
from heartfeat.stores.columns import NUMBERS, decode_column, encode_column, path_name

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def round_trip(column: pl.Series) -> pl.Series:
    attrs, arrays = encode_column(column)
    return decode_column(column.name, attrs, arrays.__getitem__)


@given(st.lists(st.none() | TEXT))
def test_text_comes_back_exactly(values):
    column = pl.Series("note", values, dtype=pl.String)
    assert_series_equal(round_trip(column), column)


@given(st.lists(st.none() | st.booleans()))
def test_booleans_come_back_exactly(values):
    column = pl.Series("pregnant", values, dtype=pl.Boolean)
    assert_series_equal(round_trip(column), column)


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)))
def test_integers_come_back_exactly(values):
    column = pl.Series("count", values, dtype=pl.Int64)
    assert_series_equal(round_trip(column), column)


@given(st.lists(st.none() | st.floats(width=64)))
def test_floats_come_back_bit_by_bit(values):
    column = pl.Series("height", values, dtype=pl.Float64)
    back = round_trip(column)
    assert back.is_null().to_list() == column.is_null().to_list()
    bits = [np.float64(x).tobytes() for x in back.drop_nulls()]
    assert bits == [np.float64(x).tobytes() for x in column.drop_nulls()]


@pytest.mark.parametrize("kind", NUMBERS)
def test_every_number_type_keeps_its_type_with_and_without_nulls(kind):
    polars_type = NUMBERS[kind][0]
    for values in ([], [1, 0, 1], [1, None, 0], [None, None]):
        column = pl.Series("x", values, dtype=pl.Int8).cast(polars_type)
        assert_series_equal(round_trip(column), column)


def test_null_nan_and_empty_text_stay_three_things():
    assert round_trip(pl.Series("note", [None, ""])).to_list() == [None, ""]
    back = round_trip(pl.Series("height", [None, math.nan])).to_list()
    assert back[0] is None
    assert math.isnan(back[1])


def test_a_column_without_any_value_comes_back():
    column = pl.Series("extra", [None, None], dtype=pl.Null)
    assert_series_equal(round_trip(column), column)


def test_a_sliced_column_comes_back_as_the_slice():
    column = pl.Series("site", ["AV", "PV", None, "Phc"]).slice(1, 3)
    assert_series_equal(round_trip(column), column)


def test_a_type_that_a_store_cannot_hold_is_refused_with_a_remedy():
    with pytest.raises(StoreError, match=r"column 'day' has the type Date.*cast"):
        encode_column(pl.Series("day", ["2020-01-01"]).str.to_date())


@given(TEXT.filter(bool))
def test_any_column_name_gives_a_safe_and_reversible_path(name):
    from urllib.parse import unquote

    place = path_name(name)
    assert not set(place) & set("/\\.:\0")
    assert not place.startswith("_")
    assert unquote(place) == name


@pytest.mark.parametrize(
    ("attrs", "arrays", "message"),
    [
        ({"type": "date", "rows": 1}, {}, "cannot read"),
        ({"type": "int8", "rows": "1"}, {}, "cannot read"),
        (
            {"type": "int8", "rows": 2, "nullable": False},
            {"values": np.zeros(1, "i1")},
            "announces 2 rows and has 1",
        ),
        ({"type": "int8", "rows": 1, "nullable": False}, {"values": np.zeros(1, "f4")}, "should be int8"),
        (
            {"type": "string", "rows": 1, "nullable": False},
            {"values": b"ab", "offsets": [0, 3]},
            "do not fit",
        ),
        (
            {"type": "string", "rows": 2, "nullable": False},
            {"values": b"ab", "offsets": [0, 3, 2]},
            "do not fit",
        ),
        (
            {"type": "string", "rows": 1, "nullable": False},
            {"values": b"\xff\xff", "offsets": [0, 2]},
            "not valid UTF-8",
        ),
        ({"type": ["int8"], "rows": 1, "nullable": False}, {}, "cannot read"),
        ({"type": "int8", "rows": True, "nullable": False}, {}, "cannot read"),
        ({"type": "int8", "rows": 1}, {}, "nullable None, which this release cannot read"),
        (
            {"type": "int8", "rows": 1, "nullable": True},
            {"values": np.zeros(1, "i1"), "valid": np.ones(2, bool)},
            "validity",
        ),
    ],
)
def test_a_damaged_column_is_an_error_and_never_a_guess(attrs, arrays, message):
    if isinstance(arrays.get("values"), bytes):
        arrays = {
            "values": np.frombuffer(arrays["values"], np.uint8),
            "offsets": np.array(arrays["offsets"], np.int64),
        }
    with pytest.raises(StoreError, match=message):
        decode_column("x", attrs, arrays.__getitem__)
