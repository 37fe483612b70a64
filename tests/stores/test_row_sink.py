import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartfeat.errors import StoreError
from heartfeat.stores import row_sink
from heartfeat.stores.row_sink import RowSink, slab_rows


def fill(values, cuts):
    """Feed each view of ``values`` in blocks that end at ``cuts``; what was put, and the sizes of writes."""
    out, sizes = np.zeros_like(values), []

    def put(view, start, block):
        out[view, start : start + len(block)] = block
        sizes.append(len(block))

    sink = RowSink(values.shape, values.dtype.str, put)
    for view in values:
        for block in np.split(view, cuts):
            sink.append(block)
    sink.finish()
    return out, sizes


@given(st.integers(1, 3), st.integers(0, 40), st.lists(st.integers(0, 40), max_size=6), st.integers(1, 200))
def test_rows_land_where_they_belong_however_they_are_cut(views, rows, cuts, slab_bytes):
    values = np.arange(views * rows * 2, dtype="<f4").reshape(views, rows, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_sink, "SLAB_BYTES", slab_bytes)
        out, sizes = fill(values, sorted(min(cut, rows) for cut in cuts))
    assert (out == values).all()
    assert sum(sizes) == views * rows


def test_many_small_blocks_become_few_large_writes():
    values = np.zeros((1, 100_000, 64), "<f2")
    _, sizes = fill(values, range(100, 100_000, 100))
    assert sizes == [32768, 32768, 32768, 1696]


def test_too_many_rows_are_refused():
    sink = RowSink((1, 2, 3), "<f2", lambda *_: None)
    with pytest.raises(StoreError, match="more rows than"):
        sink.append(np.zeros((3, 3), np.float16))


def test_too_few_rows_are_refused_at_the_end():
    sink = RowSink((2, 2, 3), "<f2", lambda *_: None)
    sink.append(np.zeros((3, 3), np.float16)[:2])
    with pytest.raises(StoreError, match="view 1 of 2 ends at row 0 of 2"):
        sink.finish()


@pytest.mark.parametrize(
    ("shape", "itemsize", "rows"),
    [((0,), 8, 1), ((10,), 8, 10), ((5, 10**6, 64), 2, 32768), ((1, 9, 10**8), 2, 1)],
)
def test_slabs_are_about_four_megabytes_and_never_longer_than_the_array(shape, itemsize, rows):
    assert slab_rows(shape, itemsize) == rows
