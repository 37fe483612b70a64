import pickle

import numpy as np
import polars as pl
import pytest

from heartfeat.errors import StoreError
from heartfeat.stores import open_store

BOTH = ["clean", "gain-6"]


def assert_same(bag, other):
    assert (bag.patient, bag.view, bag.recordings, bag.sites) == (
        other.patient,
        other.view,
        other.recordings,
        other.sites,
    )
    np.testing.assert_array_equal(bag.rows, other.rows)
    np.testing.assert_array_equal(bag.offsets, other.offsets)
    np.testing.assert_array_equal(bag.pooled, other.pooled)


def test_a_selection_is_a_sequence_of_bags(ward, path):
    selection = open_store(ward.write(path)).bags(patient=["103", "101"], view="gain-6")
    assert len(selection) == 2
    assert selection.patients == ("103", "101")
    assert selection.recordings == ("103_0", "101_0", "101_2")
    assert [bag.patient for bag in selection] == ["103", "101"]
    assert [bag.patient for bag in selection] == ["103", "101"], "it can be gone through again"
    np.testing.assert_array_equal(selection[-1].tokens[1], ward.tokens[1, 10:14])
    with pytest.raises(IndexError):
        selection[2]


def test_what_is_loaded_is_what_is_read_one_by_one(ward, path):
    for view in ("gain-6", BOTH):
        selection = open_store(ward.write(path)).bags(view=view, patient=["103", "100", "102", "101"])
        loaded = selection.load()
        assert len(loaded) == 4
        for bag, other in zip(selection, loaded, strict=True):
            assert_same(bag, other)


def test_several_views_are_an_axis_in_front(ward, path):
    bag = open_store(ward.write(path)).bags(view=["gain-6", "clean"])[1]
    assert bag.view == ("gain-6", "clean")
    np.testing.assert_array_equal(bag.tokens[1], ward.tokens[::-1, 10:14])
    np.testing.assert_array_equal(bag.pooled, ward.pooled[::-1, [2, 4]])


def test_sites_leave_recordings_out_and_no_patient(ward, path):
    bags = open_store(ward.write(path)).bags(site=["PV", "TV"]).load()
    assert bags.patients == ("100", "101", "102", "103")
    assert bags.recordings == ("100_1", "101_0")
    assert bags.sites == ("PV", "TV")
    np.testing.assert_array_equal(bags.tokens, ward.tokens[0, 3:10])
    assert [len(bag.recordings) for bag in bags] == [1, 1, 0, 0]


def test_a_recording_must_be_there_under_every_chosen_view(ward, path):
    def read(view, recording):
        return None if (view, recording) == (1, 0) else ward.read(view, recording)

    store = open_store(ward.write(path, ward.source(read=read)))
    assert store.bags()[0].recordings == ("100_0", "100_1")
    assert store.bags(view=BOTH)[0].recordings == ("100_1",)


def test_sizes_are_known_before_anything_is_read(ward, path):
    selection = open_store(ward.write(path)).bags(view=BOTH, site="AV")
    assert selection.rows == 3 + 7
    loaded = selection.load()
    assert selection.nbytes == loaded.tokens.nbytes + loaded.pooled.nbytes
    assert repr(selection) == "Selection of 'logmel' (clean, gain-6): 4 patients, 2 recordings, 10 tokens x 3"


def test_recordings_may_be_chosen_in_any_order_that_keeps_patients_together(ward, path):
    store = open_store(ward.write(path))
    selection = store.bags(recording=["103_0", "100_1", "100_0"])
    assert [bag.recordings for bag in selection] == [("103_0",), ("100_1", "100_0")]
    np.testing.assert_array_equal(selection[1].rows, ward.tokens[0, [3, 4, 5, 6, 7, 0, 1, 2]])
    with pytest.raises(StoreError, match="not together: sort the recordings by patient"):
        store.bags(recording=["100_1", "103_0", "100_0"])


def test_names_are_checked_before_anything_is_read(ward, path):
    store = open_store(ward.write(path))
    for names, message in (
        ({"patient": ["100", "99"]}, "no patient '99'"),
        ({"view": "gain"}, "no view 'gain'; did you mean 'gain-6'"),
        ({"view": []}, "at least one view"),
        ({"site": "Mv"}, "no site 'Mv'; .*It holds: AV, MV, PV, Phc, TV"),
    ):
        with pytest.raises(StoreError, match=message):
            store.bags(**names)


def test_pooled_reads_the_chosen_recordings(ward, path):
    store = open_store(ward.write(path))
    np.testing.assert_array_equal(store.bags(patient=["103", "101"]).pooled(), ward.pooled[0, [5, 2, 4]])
    np.testing.assert_array_equal(store.bags(site="AV", view=BOTH).pooled(), ward.pooled[:, [0, 5]])


def test_an_empty_selection_has_empty_arrays(ward, path):
    selection = open_store(ward.write(path)).bags(patient=[])
    assert len(selection) == 0
    loaded = selection.load()
    assert (loaded.tokens.shape, loaded.pooled.shape, loaded.offsets.tolist()) == ((0, 3), (0, 6), [0])
    assert list(selection.stream()) == []
    assert selection.to_polars().shape == (0, 10)


def test_a_pickled_selection_selects_the_same(ward, path):
    store = open_store(ward.write(path))
    for selection in (
        store.bags(patient=iter(["103", "101"]), site=["AV", "TV"], view=(name for name in BOTH)),
        store.bags(recording=["100_1"], view="gain-6"),
    ):
        again = pickle.loads(pickle.dumps(selection))  # noqa: S301 - made here
        assert repr(again) == repr(selection)
        for bag, other in zip(again, selection, strict=True):
            assert_same(bag, other)


def test_arrays_as_numpy_and_torch_hold_the_same_numbers(ward, path):
    selection = open_store(ward.write(path)).bags(view="gain-6")
    arrays, tensors = selection.to_numpy(), selection.to_torch()
    assert set(arrays) == set(tensors) == {"tokens", "offsets", "patient_offsets", "pooled"}
    np.testing.assert_array_equal(arrays["tokens"], ward.tokens[1])
    for name, values in arrays.items():
        np.testing.assert_array_equal(values, tensors[name].numpy())
        assert tensors[name].numpy().dtype == values.dtype


def test_a_table_has_one_row_per_recording(ward, path):
    table = open_store(ward.write(path)).bags().to_polars()
    names = [f"{statistic}_{d}" for statistic in ("mean", "std") for d in range(3)]
    assert table.columns == ["recording", "patient", "site", "view", *names]
    assert table["recording"].to_list() == ["100_0", "100_1", "101_0", "101_2", "103_0"]
    assert set(table["view"]) == {"clean"}
    np.testing.assert_array_equal(table.select(names).to_numpy(), ward.pooled[0, [0, 1, 2, 4, 5]])


def test_a_table_takes_columns_of_recordings_and_patients(ward, path):
    ward.patients = ward.patients.with_columns(duration=pl.Series([1, 2, 3, 4]))
    table = (
        open_store(ward.write(path))
        .bags(patient=["103", "101"], view=BOTH)
        .to_polars(["duration"], ["age", "duration"])
    )
    assert table.columns[:7] == [
        "recording",
        "patient",
        "site",
        "view",
        "duration",
        "age",
        "duration_of_patient",
    ]
    assert table["patient"].to_list() == ["103", "101", "101"] * 2
    assert table["view"].to_list() == ["clean"] * 3 + ["gain-6"] * 3
    assert table["duration"].to_list() == [7 / 50, 2 / 50, 4 / 50] * 2
    assert table["age"].to_list() == ["Child", None, None] * 2
    assert table["duration_of_patient"].to_list() == [4, 2, 2] * 2
    np.testing.assert_array_equal(table["std_2"], ward.pooled[:, [5, 2, 4], 5].ravel())
    with pytest.raises(StoreError, match="no column 'ages'; did you mean 'age'"):
        open_store(path).bags().to_polars(patient_columns=["ages"])


def test_a_selection_of_a_closed_store_reads_no_more(ward, path):
    with open_store(ward.write(path)) as store:
        selection = store.bags()
        list(selection)
    for read in (selection.load, selection.pooled, lambda: selection[0], lambda: next(selection.stream())):
        with pytest.raises(StoreError, match="was closed; open it again"):
            read()
