import numpy as np
import pytest

from heartfeat.stores import open_store, row_sink
from heartfeat.stores.blocks import blocks_of
from heartfeat.stores.present_rows import present_rows


def test_all_that_is_done_is_present_in_a_whole_store(ward, path):
    store = open_store(ward.write(path))
    np.testing.assert_array_equal(present_rows(blocks_of(store, "logmel")), store.features().done)


@pytest.mark.parametrize("how", ["delete", "truncate", "lengthen"])
@pytest.mark.parametrize(
    ("chunk", "lost"),
    [
        ("tokens/c/0/0/0", [(0, 0), (0, 1)]),  # rows 0 to 3: recording 0 and a part of recording 1
        ("tokens/c/1/1/0", [(1, 1)]),
        ("tokens/c/0/3/0", [(0, 4), (0, 5)]),
        ("pooled/c/1/4/0", [(1, 4)]),
    ],
)
def test_a_block_with_a_byte_in_a_lost_chunk_is_absent(ward, tmp_path, monkeypatch, how, chunk, lost):
    monkeypatch.setattr(row_sink, "SLAB_BYTES", 24)
    path = ward.write(tmp_path / "ward.zarr")
    file = path / "features/logmel" / chunk
    content = file.read_bytes()
    file.unlink()
    if how != "delete":
        file.write_bytes(content[:-1] if how == "truncate" else content + b"x")
    store = open_store(path)
    expected = store.features().done.copy()
    for place in lost:
        expected[place] = False
    np.testing.assert_array_equal(present_rows(blocks_of(store, "logmel")), expected)


def test_an_empty_store_has_no_rows(make_ward, path):
    assert present_rows(blocks_of(open_store(make_ward(((), ())).write(path)), "logmel")).shape == (2, 0)
