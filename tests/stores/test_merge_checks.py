import pytest

from heartfeat.errors import StoreError
from heartfeat.stores import open_store
from heartfeat.stores.merge_checks import check_disjoint, differences

from .test_merge import ARRAYS, renamed


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["a: 1 and 2"]),
        ({"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"c": 1, "d": 3}}}, ["a.b.d: 2 and 3"]),
        ({"a": 1}, {"b": 1}, ["a: 1 and None", "b: None and 1"]),
        ({"a": None}, {}, ["a: None and None"]),
        ({"a": {"b": 1}}, {"a": 1}, ["a: {'b': 1} and 1"]),
    ],
)
def test_differences_are_named_by_their_path(one, other, expected):
    assert differences(one, other) == expected


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
