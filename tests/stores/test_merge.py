import polars as pl
import pytest

from heartfeat.errors import StoreError
from heartfeat.stores import feature_key, open_store, row_sink
from heartfeat.stores.merge import merge_stores
from heartfeat.stores.verify import verify_store

from .damage import flip

ARRAYS = ("recording", "patient", "person", "pcm_digest")


def renamed(ward, prefix, columns=ARRAYS):
    """The same ward with other people."""
    for table in ("recordings", "patients"):
        frame = getattr(ward, table)
        own = [(pl.lit(prefix) + pl.col(name)).alias(name) for name in columns if name in frame.columns]
        setattr(ward, table, frame.with_columns(own))
    return ward


@pytest.fixture
def second(make_ward):
    return renamed(make_ward(((4,), (1, 6, 0)), seed=7), "b")


@pytest.fixture
def paths(ward, second, tmp_path):
    """One store in each container."""
    first = ward.write(tmp_path / "first.zarr", cohort="one", cohort_digest="1")
    return [first, second.write(tmp_path / "second.h5", cohort="two", cohort_digest="2")]


def refused(paths, message, **options):
    target = paths[0].with_name("merged.h5")
    with pytest.raises(StoreError, match=message):
        merge_stores(target, paths, **options)
    assert not target.exists()


@pytest.mark.parametrize("suffix", [".zarr", ".h5"])
def test_every_patient_is_as_in_its_source(ward, second, paths, tmp_path, suffix, monkeypatch):
    monkeypatch.setattr(row_sink, "SLAB_BYTES", 48)
    target = tmp_path / f"merged{suffix}"
    done = merge_stores(target, paths)
    assert (done.patients, done.recordings, done.features) == (6, 10, ("logmel",))
    assert not verify_store(target).damaged
    merged = open_store(target)
    assert merged.patients["patient"].to_list() == [*ward.patients["patient"], *second.patients["patient"]]
    assert merged.recordings.equals(pl.concat([ward.recordings, second.recordings]))
    for source in map(open_store, paths):
        for patient in source.patients["patient"]:
            for view in ("clean", "gain-6"):
                assert merged.tokens(patient=patient, view=view).tobytes() == (
                    source.tokens(patient=patient, view=view).tobytes()
                )
                assert merged.pooled(patient=patient, view=view).tobytes() == (
                    source.pooled(patient=patient, view=view).tobytes()
                )
    assert merged.features().attrs == open_store(paths[0]).features().attrs


def test_the_cohort_is_named_after_the_sources_and_its_digest_depends_on_theirs(paths, tmp_path):
    merge_stores(tmp_path / "a.h5", paths)
    merge_stores(tmp_path / "b.h5", paths[::-1])
    first, other = open_store(tmp_path / "a.h5").attrs, open_store(tmp_path / "b.h5").attrs
    assert (first["cohort"], other["cohort"]) == ("one + two", "two + one")
    assert len(first["cohort_digest"]) == 64
    assert first["cohort_digest"] != other["cohort_digest"]


def test_three_stores_may_be_merged(make_ward, paths, tmp_path):
    third = renamed(make_ward(((3,),)), "c").write(tmp_path / "third.zarr")
    assert merge_stores(tmp_path / "merged.zarr", [*paths, third]).patients == 7


def test_columns_of_one_store_are_null_in_the_other(ward, second, tmp_path):
    ward.patients = ward.patients.with_columns(grade=pl.Series([1, 2, None, 3]), empty=pl.lit(None))
    second.patients = second.patients.with_columns(empty=pl.lit("x")).drop("age")
    merge_stores(tmp_path / "merged.h5", [ward.write(tmp_path / "a.h5"), second.write(tmp_path / "b.h5")])
    patients = open_store(tmp_path / "merged.h5").patients
    assert patients["grade"].to_list() == [1, 2, None, 3, None, None]
    assert patients["age"].to_list() == ["Child", None, "", "Child", None, None]
    assert patients["empty"].to_list() == [None] * 4 + ["x", "x"]


def test_a_column_of_two_types_is_refused(ward, second, tmp_path):
    second.patients = second.patients.with_columns(age=pl.lit(7))
    paths = [ward.write(tmp_path / "a.h5"), second.write(tmp_path / "b.h5")]
    refused(paths, r"column 'age' of the patients table is String in .*a\.h5 and Int32 in .*b\.h5")


@pytest.mark.parametrize(
    ("shared", "message"),
    [
        ("person", "the same person: 100, 101"),
        ("patient", "the same patient: 100, 101"),
        ("recording", "the same recording: 100_0"),
        ("pcm_digest", "the same audio: 100_0 and b100_0"),
    ],
)
def test_stores_that_share_anybody_are_refused(ward, make_ward, tmp_path, shared, message):
    other = renamed(make_ward(((4,), (1, 6)), seed=7), "b", [name for name in ARRAYS if name != shared])
    paths = [ward.write(tmp_path / "a.zarr"), other.write(tmp_path / "b.zarr")]
    refused(paths, message)


def test_a_store_is_not_merged_with_itself(paths):
    refused([paths[0], paths[0]], "the same person")


def test_people_shared_by_the_second_and_third_source_are_found(paths):
    refused([*paths, paths[1]], r"second\.h5 and .*second\.h5 hold the same person: b100")


def test_sets_that_not_all_have_are_left_out_and_told(ward, second, tmp_path):
    paths = [
        ward.write(tmp_path / "a.h5", ward.source("one"), ward.source("two")),
        second.write(tmp_path / "b.h5", second.source("three"), second.source("two")),
    ]
    done = merge_stores(tmp_path / "merged.h5", paths)
    assert done.features == ("two",)
    assert done.left_out == {str(paths[0]): ("one",), str(paths[1]): ("three",)}


def test_stores_without_a_common_set_are_refused(ward, second, tmp_path):
    paths = [ward.write(tmp_path / "a.h5", ward.source("one")), second.write(tmp_path / "b.h5")]
    refused(paths, r"no feature set in common \(.*a\.h5: one; .*b\.h5: logmel\)")


def test_a_set_made_with_other_settings_is_refused_and_the_setting_named(ward, second, tmp_path):
    core = {"backbone": "logmel", "band": [20.0, 400.0], "more": {"deep": 1}}
    paths = [
        ward.write(tmp_path / "a.h5"),
        second.write(tmp_path / "b.h5", second.source(core=core, core_key=feature_key(core))),
    ]
    refused(paths, r"band: \[20.0, 800.0\] and \[20.0, 400.0\], more: None and \{'deep': 1\}\. Extract")


@pytest.mark.parametrize("change", [{"statistics": ["mean", "max"]}, {"views": ["clean", "gain+6"]}])
def test_a_set_with_other_views_or_statistics_is_refused(ward, second, tmp_path, change):
    paths = [ward.write(tmp_path / "a.h5"), second.write(tmp_path / "b.h5", second.source(**change))]
    refused(paths, next(iter(change)))


def test_named_sets_are_merged_though_others_differ(ward, second, tmp_path):
    paths = [
        ward.write(tmp_path / "a.h5", ward.source("one"), ward.source("two")),
        second.write(tmp_path / "b.h5", second.source("one", statistics=["a", "b"]), second.source("two")),
    ]
    assert merge_stores(tmp_path / "merged.h5", paths, features=["two"]).features == ("two",)


def test_an_unknown_name_is_answered_with_the_nearest(paths):
    refused(paths, "no feature set 'logmell'; did you mean 'logmel'", features=["logmell"])


@pytest.mark.parametrize("place", [0, 1])
def test_a_damaged_source_is_named(paths, place):
    flip(paths[place], "features/logmel/tokens", 1)
    refused(paths, f"{paths[place].name} is damaged at features/logmel, recording 'b?100_0', view 'clean'")


def test_something_in_the_way_is_never_replaced(paths, tmp_path):
    with pytest.raises(StoreError, match="a merge makes a new store"):
        merge_stores(paths[0], paths)


def test_one_source_is_too_few(paths):
    refused(paths[:1], "needs two stores or more")
