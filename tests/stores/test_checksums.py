import zlib

import numpy as np
import pytest

from heartfeat.stores.checksums import array_checksum, block_checksum, seal, unseal

ATTRS = {"views": ["clean"], "rate": 12.5, "none": None, "text": "ü"}


def test_an_arrays_checksum_does_not_depend_on_its_layout_in_memory():
    values = np.arange(12, dtype="<i4").reshape(3, 4)
    expected = zlib.crc32(bytes(values.tobytes()))
    assert array_checksum(values) == expected
    assert array_checksum(values.astype(">i4")) == expected
    assert array_checksum(np.asfortranarray(values)) == expected


def test_a_blocks_checksum_is_that_of_its_tokens_bytes_then_its_pooled_bytes():
    tokens, pooled = np.ones((2, 3), "<f2"), np.arange(6, dtype="<f4")
    assert block_checksum(tokens, pooled) == zlib.crc32(tokens.tobytes() + pooled.tobytes())


def test_a_seal_comes_off_as_it_was_put_on():
    assert unseal(seal(ATTRS, {"done": 7})) == (ATTRS, {"done": 7})


def test_attributes_without_a_seal_are_taken_as_they_are():
    assert unseal(ATTRS) == (ATTRS, {})


@pytest.mark.parametrize(
    "change", [{"views": ["cleam"]}, {"rate": 12.0}, {"more": 1}, {"checksums": {"arrays": {"done": 8}}}]
)
def test_a_change_breaks_the_seal(change):
    with pytest.raises(ValueError, match="not those that were written"):
        unseal(seal(ATTRS, {"done": 7}) | change)


@pytest.mark.parametrize("bad", [None, 3, [], {}, {"arrays": 1}, {"arrays": {"done": "x"}}])
def test_a_malformed_seal_is_named(bad):
    with pytest.raises(ValueError, match="'checksums' is malformed"):
        unseal(ATTRS | {"checksums": bad})
