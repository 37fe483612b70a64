import numpy as np
import pytest

from heartfeat.errors import StoreError
from heartfeat.stores import open_store
from heartfeat.stores.remove import remove_features
from heartfeat.stores.verify import verify_store

from .damage import bytes_of


def test_the_other_sets_and_the_tables_stay(ward, path):
    ward.write(path, ward.source("one"), ward.source("two"), ward.source("three"), cohort_digest="abc")
    created = open_store(path).attrs["created"]
    remove_features(path, ["one", "three"])
    store = open_store(path)
    assert store.feature_sets == ("two",)
    np.testing.assert_array_equal(store.tokens(view="gain-6"), ward.tokens[1])
    assert store.recordings.equals(ward.recordings)
    assert store.attrs["cohort_digest"] == "abc"
    assert store.attrs["created"] == created
    assert not verify_store(path).damaged


def test_zarr_chunks_that_stay_are_not_copied(ward, tmp_path):
    path = ward.write(tmp_path / "ward.zarr", ward.source("one"), ward.source("two"))
    chunk = path / "features/two/tokens/c/0/0/0"
    inode = chunk.stat().st_ino
    remove_features(path, ["one"])
    assert chunk.stat().st_ino == inode


def test_an_unknown_set_is_answered_with_the_nearest_and_nothing_is_removed(ward, path):
    ward.write(path, ward.source("one"), ward.source("two"))
    before = bytes_of(path)
    with pytest.raises(StoreError, match="no feature set 'twoo'; did you mean 'two'"):
        remove_features(path, ["one", "twoo"])
    assert bytes_of(path) == before


def test_a_remote_store_is_refused():
    with pytest.raises(StoreError, match="on a local disk"):
        remove_features("memory://somewhere/ward.zarr", ["one"])
