import numpy as np
import pytest

from heartfeat.errors import StoreError
from heartfeat.stores.blocks import Blocks
from heartfeat.stores.checksums import block_checksum
from heartfeat.stores.container import open_container
from heartfeat.stores.location import locate

from .damage import flip


def blocks_of(ward, path):
    return Blocks(open_container(locate(path)), "logmel", ward.recordings["recording"].to_list())


def test_blocks_are_what_was_written(ward, path):
    blocks = blocks_of(ward, ward.write(path))
    for view, recording in np.ndindex(blocks.done.shape):
        expected, found = ward.read(view, recording), blocks.read(view, recording)
        assert (found is None) == (expected is None)
        assert blocks.problem(view, recording) == ""
        if expected is not None:
            np.testing.assert_array_equal(found[0], expected[0])
            np.testing.assert_array_equal(found[1], expected[1])
            assert blocks.checksums[view, recording] == block_checksum(*expected)
        else:
            assert blocks.checksums[view, recording] == 0


@pytest.mark.parametrize(("array", "byte"), [("tokens", 21 * 6 + 3 * 6), ("pooled", 7 * 24 + 3)])
def test_a_flipped_bit_is_named_with_recording_and_view(ward, path, array, byte):
    ward.write(path)
    flip(path, f"features/logmel/{array}", byte)
    blocks = blocks_of(ward, path)
    bad = [place for place in np.ndindex(blocks.done.shape) if blocks.problem(*place)]
    assert bad == [(1, 1)]
    with pytest.raises(StoreError, match=r"recording '100_1', view 'gain-6': .*checksum"):
        blocks.read(1, 1)


def test_features_without_a_mark_and_marks_without_features_are_damage(ward, path):
    ward.write(path)
    flip(path, "features/logmel/done", 0)
    flip(path, "features/logmel/done", 3)
    blocks = blocks_of(ward, path)
    assert blocks.problem(0, 0) == "it has features but is not marked done"
    assert "checksum" in blocks.problem(0, 3)
    assert blocks.problem(0, 1) == ""
