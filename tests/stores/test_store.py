import multiprocessing
import pickle
import shutil

import fsspec
import h5py
import numpy as np
import polars as pl
import pytest
import zarr
from polars.testing import assert_frame_equal

from heartfeat.errors import StoreError
from heartfeat.stores import KeptFeatureSet, Store, open_store


def test_tables_come_back_as_they_were_given(ward, path):
    with open_store(ward.write(path)) as store:
        assert_frame_equal(store.recordings, ward.recordings)
        assert_frame_equal(store.patients, ward.patients)
        assert store.patient_offsets.tolist() == [0, 2, 5, 5, 6]


def test_attributes_say_what_the_tree_is(ward, path):
    store = open_store(ward.write(path, created="2024-01-01T00:00:00+00:00"))
    assert store.attrs["format"] == "heartfeat"
    assert store.attrs["format_version"] == 1
    assert store.attrs["cohort"] == "ward"
    assert store.attrs["created"] == "2024-01-01T00:00:00+00:00"
    assert store.container == {".zarr": "zarr", ".h5": "hdf5"}[path.suffix]


def test_the_name_of_an_only_feature_set_may_be_left_out(ward, path):
    store = open_store(ward.write(path))
    np.testing.assert_array_equal(store.tokens(), store.tokens("logmel"))


def test_several_feature_sets_ask_for_a_name(ward, path):
    store = open_store(ward.write(path, ward.source("a"), ward.source("b")))
    assert store.feature_sets == ("a", "b")
    with pytest.raises(StoreError, match=r"2 feature sets \(a, b\): say which one"):
        store.tokens()


def test_an_unknown_feature_set_names_those_there(ward, path):
    store = open_store(ward.write(path))
    with pytest.raises(StoreError, match=r"no feature set 'logmal'; did you mean 'logmel'.*It holds: logmel"):
        store.features("logmal")


def test_one_recording_is_an_array_and_several_are_a_list(ward, path):
    store = open_store(ward.write(path))
    assert store.tokens(recording="101_2").shape == (4, 3)
    assert [len(tokens) for tokens in store.tokens(recording=["101_2", "100_0"])] == [4, 3]
    assert store.pooled(recording="101_2").shape == (6,)
    np.testing.assert_array_equal(store.pooled(recording=["103_0", "100_0"]), ward.pooled[0, [5, 0]])
    assert store.pooled(recording=[]).shape == (0, 6)


def test_a_patient_is_all_its_rows(ward, path):
    store = open_store(ward.write(path))
    np.testing.assert_array_equal(store.tokens(patient="101", view="gain-6"), ward.tokens[1, 8:14])
    np.testing.assert_array_equal(store.pooled(patient="101"), ward.pooled[0, 2:5])
    assert store.tokens(patient="102").shape == (0, 3)


def test_a_store_without_recordings_can_be_read(make_ward, path):
    store = open_store(make_ward(((), ())).write(path))
    assert store.tokens().shape == (0, 3)
    assert store.pooled().shape == (0, 6)
    assert [bag.recordings for bag in store.bags()] == [(), ()]


def test_a_store_without_feature_sets_says_so(ward, path):
    from heartfeat.stores import write_store

    write_store(path, ward.recordings, ward.patients, [], {})
    store = open_store(path)
    assert "no feature sets yet" in repr(store)
    with pytest.raises(StoreError, match="holds 0 feature sets"):
        store.tokens()


def test_reading_after_close_is_an_error(ward, path):
    with open_store(ward.write(path)) as store:
        features = store.features()
        features.tokens()
    for read in (store.features, features.tokens, features.pooled, lambda: list(features.bags())):
        with pytest.raises(StoreError, match="was closed; open it again"):
            read()
    assert "was closed" in repr(store)


def _total(store: Store) -> float:
    return float(store.tokens(view="gain-6").astype(np.float64).sum())


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_an_open_store_works_in_another_process(ward, path, method):
    store = open_store(ward.write(path))
    expected = _total(store)
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply(_total, (store,)) == expected


def test_a_pickled_store_opens_from_another_folder(ward, path, tmp_path, monkeypatch):
    monkeypatch.chdir(path.parent)
    store = open_store(ward.write(path).name)
    monkeypatch.chdir("/")
    again = pickle.loads(pickle.dumps(store))  # noqa: S301 - made here
    assert again.uri == path.name
    assert _total(again) == _total(store)


def test_a_zarr_store_is_read_by_uri(ward, tmp_path):
    path = ward.write(tmp_path / "ward.zarr")
    memory = fsspec.filesystem("memory")
    memory.put(str(path), "/somewhere/ward.zarr", recursive=True)
    try:
        store = open_store("memory://somewhere/ward.zarr")
        np.testing.assert_array_equal(store.tokens(view="gain-6"), ward.tokens[1])
        np.testing.assert_array_equal(store.tokens(patient="101"), ward.tokens[0, 8:14])
        np.testing.assert_array_equal(store.pooled(), ward.pooled[0])
        assert_frame_equal(store.recordings, ward.recordings)
        assert len(list(store.bags())) == 4
    finally:
        memory.rm("/somewhere", recursive=True)


def test_scattered_rows_of_a_remote_store_are_fetched_together(make_ward, tmp_path):
    ward = make_ward(tuple((2, 3) for _ in range(30)))
    memory = fsspec.filesystem("memory")
    memory.put(str(ward.write(tmp_path / "ward.zarr")), "/scattered/ward.zarr", recursive=True)
    fetched = []

    class Counted(type(memory)):
        protocol = "counted"
        cachable = False

        @classmethod
        def _strip_protocol(cls, path):
            return super()._strip_protocol(path.replace("counted://", "memory://"))

        def cat_file(self, path, *arguments, **named):
            fetched.append(path)
            return super().cat_file(path, *arguments, **named)

    fsspec.register_implementation("counted", Counted, clobber=True)
    try:
        selection = open_store("counted://scattered/ward.zarr").bags(site="AV", view="gain-6")
        fetched.clear()
        bags = selection.load()
        assert 10 < len(bags.recordings) < 20
        assert sum("pooled/c/" in path for path in fetched) == 1
        places = [number for number, site in enumerate(ward.recordings["site"]) if site == "AV"]
        np.testing.assert_array_equal(bags.pooled, ward.pooled[1, places])
        rows = [ward.tokens[1, ward.offsets[place] : ward.offsets[place + 1]] for place in places]
        np.testing.assert_array_equal(bags.tokens, np.concatenate(rows))
    finally:
        memory.rm("/scattered", recursive=True)


def test_a_file_uri_is_a_local_store(ward, path):
    assert _total(open_store(f"file://{ward.write(path)}")) == _total(open_store(path))


def test_no_store_there_names_the_command_that_writes_one(path):
    with pytest.raises(StoreError, match=r"there is no store at .*heartfeat extract"):
        open_store(path)


def test_something_else_there_is_no_store(path):
    if path.suffix == ".zarr":
        path.mkdir()
    else:
        path.write_text("id,site\n")
    with pytest.raises(StoreError, match="is not a heartfeat store"):
        open_store(path)


def test_a_tree_of_another_kind_is_no_store(path):
    if path.suffix == ".zarr":
        zarr.create_group(path, attributes={"encoding-type": "anndata"})
    else:
        h5py.File(path, "w").close()
    with pytest.raises(StoreError, match="is not a heartfeat store: its attribute 'format' is None"):
        open_store(path)


def set_root_attr(path, key, value):
    import json

    if path.suffix == ".zarr":
        zarr.open_group(path, mode="r+").attrs[key] = value
        return
    with h5py.File(path, "r+") as file:
        file.attrs["attributes"] = json.dumps(json.loads(file.attrs["attributes"]) | {key: value})


def test_a_store_of_a_later_format_is_refused(ward, path):
    set_root_attr(ward.write(path), "format_version", 2)
    with pytest.raises(StoreError, match="has format version 2, and this release reads version 1"):
        open_store(path)


def test_a_store_replaced_after_opening_is_read_as_it_was_or_not_at_all(ward, make_ward, path):
    store = open_store(ward.write(path))
    features = store.features()
    other = make_ward(seed=1)
    other.write(path)
    try:
        assert (features.tokens() == ward.tokens[0]).all()
    except StoreError as error:
        assert "was replaced since it was opened; open it again" in str(error)  # noqa: PT017 - either is right
    np.testing.assert_array_equal(open_store(path).tokens(), other.tokens[0])


def test_a_copied_store_is_the_same_store(ward, path, tmp_path):
    copy = tmp_path / f"copy{path.suffix}"
    (shutil.copytree if path.suffix == ".zarr" else shutil.copy)(ward.write(path), copy)
    np.testing.assert_array_equal(open_store(copy).tokens(), ward.tokens[0])


def test_repr_is_a_short_summary(ward, path):
    lines = repr(open_store(ward.write(path))).splitlines()
    assert lines[0].startswith(f"Store {path} (")
    assert lines[1] == "  4 patients, 6 recordings (0.0 h), 1 skipped"
    assert lines[2].startswith("  logmel: 21 tokens x 3 at 50/s, 2 views (clean, gain-6)")


def test_tables_may_hold_columns_of_any_name(ward, path):
    odd = ["a/b", "..", "zarr.json", "größe (cm)", "_x", "__y", " ", "100%", "values", "Age", "."]
    ward.patients = ward.patients.with_columns(pl.lit(place).alias(name) for place, name in enumerate(odd))
    ward.write(path)
    assert_frame_equal(open_store(path).patients, ward.patients)
    ward.write(path, KeptFeatureSet("logmel"))
    assert_frame_equal(open_store(path).patients, ward.patients)


def test_a_store_without_patients_can_be_read(make_ward, path):
    store = open_store(make_ward(()).write(path))
    assert store.patients.height == store.recordings.height == 0
    assert list(store.bags()) == []
    assert repr(store).splitlines()[1] == "  0 patients, 0 recordings (0.0 h)"
