from pathlib import Path

import pytest

from heartfeat.errors import StoreError
from heartfeat.stores.location import local_path, locate


@pytest.mark.parametrize(
    ("uri", "kind"),
    [("a/b.zarr", "zarr"), ("b.zarr/", "zarr"), ("b.H5", "hdf5"), ("b.hdf5", "hdf5"), (Path("b.h5"), "hdf5")],
)
def test_the_suffix_chooses_the_container(uri, kind):
    assert locate(uri).kind == kind


def test_a_relative_path_is_remembered_absolutely(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    location = locate("stores/x.zarr")
    assert location.path == tmp_path / "stores/x.zarr"
    assert location.uri == "stores/x.zarr"


def test_a_link_is_the_store_that_it_leads_to(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "x.h5").symlink_to(tmp_path / "disk" / "y.h5")
    assert locate(tmp_path / "x.h5").path == tmp_path / "disk" / "y.h5"
    assert locate(f"file://{tmp_path}/x.h5").path == tmp_path / "disk" / "y.h5"
    (tmp_path / "loop.h5").symlink_to("loop.h5")
    assert locate(tmp_path / "loop.h5").path == tmp_path / "loop.h5"


def test_a_file_uri_is_a_local_path():
    assert locate("file:///data/my%20store.zarr").path == Path("/data/my store.zarr")


def test_a_remote_uri_has_no_path_and_cannot_be_written():
    location = locate("s3://bucket/x.zarr")
    assert location.path is None
    assert location.address == "s3://bucket/x.zarr"
    with pytest.raises(StoreError, match="written on a local disk"):
        local_path(location)


def test_another_suffix_is_refused_and_the_known_ones_named():
    with pytest.raises(StoreError, match=r"\.zarr.*\.h5.*'features\.npz'"):
        locate("features.npz")


def test_remote_hdf5_is_refused_with_a_remedy():
    with pytest.raises(StoreError, match=r"copy s3://bucket/x\.h5"):
        locate("s3://bucket/x.h5")
