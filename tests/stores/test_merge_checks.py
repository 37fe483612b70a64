import pytest

from heartfeat.errors import StoreError
from heartfeat.stores import open_store
from heartfeat.stores.merge_checks import check_disjoint

from .test_merge import ARRAYS, renamed


def test_many_shared_names_are_cut(make_ward, tmp_path):
    first = make_ward(tuple((1,) for _ in range(9)))
    second = renamed(make_ward(tuple((1,) for _ in range(9))), "b", [n for n in ARRAYS if n != "person"])
    stores = [open_store(ward.write(tmp_path / f"{n}.h5")) for n, ward in enumerate((first, second))]
    with pytest.raises(StoreError, match="the same person: 100, 101, 102, 103, 104 and 4 more; only stores"):
        check_disjoint(stores)


def test_recordings_without_audio_share_none(make_ward, tmp_path):
    wards = [make_ward(), renamed(make_ward(), "b")]
    for ward in wards:
        ward.recordings = ward.recordings.with_columns(pcm_digest=None)
    check_disjoint([open_store(ward.write(tmp_path / f"{n}.h5")) for n, ward in enumerate(wards)])
