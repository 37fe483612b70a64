import numpy as np
import pytest

from heartfeat.errors import StoreError
from heartfeat.stores import row_sink
from heartfeat.stores.container import open_container
from heartfeat.stores.location import locate
from heartfeat.stores.slabs import Slabs


@pytest.fixture
def tokens(ward, path, monkeypatch):
    monkeypatch.setattr(row_sink, "SLAB_BYTES", 24)  # four rows of three
    return Slabs(open_container(locate(ward.write(path))).array("features/logmel/tokens"))


def test_any_rows_of_any_view_are_those_of_the_array(ward, tokens):
    for view, start, stop in [(0, 0, 3), (0, 3, 8), (1, 3, 8), (1, 20, 21), (0, 0, 21), (1, 5, 5), (0, 8, 9)]:
        np.testing.assert_array_equal(tokens.rows(view, start, stop), ward.tokens[view, start:stop])


def test_rows_beside_a_lost_chunk_can_be_read(ward, tmp_path, monkeypatch):
    monkeypatch.setattr(row_sink, "SLAB_BYTES", 12)
    path = ward.write(tmp_path / "ward.zarr")
    monkeypatch.setattr(row_sink, "SLAB_BYTES", 24)
    slabs = Slabs(open_container(locate(path)).array("features/logmel/tokens"))
    (path / "features/logmel/tokens/c/0/1/0").unlink()
    np.testing.assert_array_equal(slabs.rows(0, 0, 2), ward.tokens[0, :2])
    with pytest.raises(StoreError, match="is missing"):
        slabs.rows(0, 0, 3)
