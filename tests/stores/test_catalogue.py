from pathlib import Path

import pytest

from heartfeat.errors import StoreError
from heartfeat.stores.catalogue import list_stores


def test_every_store_is_listed_with_what_it_holds(ward, make_ward, tmp_path):
    ward.write(tmp_path / "b.zarr", ward.source("one"), ward.source("two"), created="then")
    make_ward(((2,),)).write(tmp_path / "a.h5")
    (tmp_path / "notes.txt").write_text("")
    first, second = list_stores(tmp_path)
    assert (first.path, first.container, first.patients, first.recordings) == (
        tmp_path / "a.h5",
        "hdf5",
        1,
        1,
    )
    assert first.size == (tmp_path / "a.h5").stat().st_size
    assert (second.patients, second.recordings, second.created) == (4, 6, "then")
    assert second.features == {"one": ("clean", "gain-6"), "two": ("clean", "gain-6")}
    assert second.size == sum(
        file.stat().st_size for file in (tmp_path / "b.zarr").rglob("*") if file.is_file()
    )
    assert second.problem is None


def test_what_cannot_be_read_is_listed_with_the_reason(ward, tmp_path):
    path = ward.write(tmp_path / "a.h5")
    path.write_bytes(path.read_bytes()[:200])
    (tmp_path / "b.zarr").mkdir()
    first, second = list_stores(tmp_path)
    assert "a.h5" in first.problem
    assert first.patients is None
    assert "not a heartfeat store" in second.problem


def test_a_store_whose_replacement_was_interrupted_is_listed(ward, tmp_path):
    ward.write(tmp_path / "a.zarr").rename(tmp_path / ".a.zarr.ready")
    (entry,) = list_stores(tmp_path)
    assert (entry.path, entry.recordings) == (tmp_path / "a.zarr", 6)


def test_an_empty_folder_has_no_stores_and_a_missing_one_is_an_error(tmp_path):
    assert list_stores(tmp_path) == []
    with pytest.raises(StoreError, match="there is no folder"):
        list_stores(Path(tmp_path / "missing"))
