import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heartfeat.errors import StoreError
from heartfeat.stores import open_store, row_sink

LENGTHS = st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=1, max_size=5)


@pytest.mark.parametrize("suffix", [".zarr", ".h5"])
@settings(max_examples=8, deadline=None)
@given(lengths=LENGTHS, slab_bytes=st.sampled_from([24, 2**22]), data=st.data())
def test_any_ragged_ward_reads_like_slices_of_its_arrays(suffix, make_ward, lengths, slab_bytes, data):
    ward = make_ward(tuple(lengths))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_sink, "SLAB_BYTES", slab_bytes)
        features = open_store(ward.write(Path(folder) / f"ward{suffix}")).features()
        for view, name in enumerate(ward.views):
            np.testing.assert_array_equal(features.tokens(name), ward.tokens[view])
            np.testing.assert_array_equal(features.pooled(name), ward.pooled[view])
        view = data.draw(st.sampled_from(range(len(ward.views))))
        patient = data.draw(st.sampled_from(range(len(lengths))))
        first = sum(map(len, lengths[:patient]))
        last = first + len(lengths[patient])
        expected = ward.tokens[view, ward.offsets[first] : ward.offsets[last]]
        np.testing.assert_array_equal(features.tokens(ward.views[view], patient=str(100 + patient)), expected)
        for place in range(first, last):
            name = ward.recordings["recording"][place]
            expected = ward.tokens[view, ward.offsets[place] : ward.offsets[place + 1]]
            np.testing.assert_array_equal(features.tokens(ward.views[view], recording=name), expected)
            np.testing.assert_array_equal(
                features.pooled(ward.views[view], recording=name), ward.pooled[view, place]
            )


def test_a_set_says_what_it_is(ward, path):
    features = open_store(ward.write(path)).features("logmel")
    assert (features.views, features.dim, features.token_rate) == (("clean", "gain-6"), 3, 50.0)
    assert features.statistics == ("mean", "std")
    assert features.core_key == ward.source().attrs["core_key"]
    assert features.attrs["core"] == {"backbone": "logmel", "band": [20.0, 800.0]}
    assert repr(features) == "FeatureSet 'logmel': 2 views x 21 tokens x 3, 50 tokens/s"


def test_arrays_have_the_types_of_the_format(ward, path):
    features = open_store(ward.write(path)).features()
    assert features.tokens().dtype == np.float16
    assert features.pooled().dtype == np.float32
    assert features.offsets.dtype == np.int64
    np.testing.assert_array_equal(features.offsets, ward.offsets)


def test_done_is_false_for_a_skipped_recording_only(ward, path):
    done = open_store(ward.write(path)).features().done
    np.testing.assert_array_equal(done, [[True, True, True, False, True, True]] * 2)


def test_what_was_read_may_be_changed_without_touching_the_store(ward, path):
    store = open_store(ward.write(path))
    store.tokens(recording="100_0")[:] = 0
    store.tokens()[:] = 0
    np.testing.assert_array_equal(store.tokens(), ward.tokens[0])


def test_bags_follow_the_order_asked_for(ward, path):
    bags = list(open_store(ward.write(path)).features().bags("gain-6", patient=["103", "100"]))
    assert [bag.patient for bag in bags] == ["103", "100"]
    assert bags[1].recordings == ("100_0", "100_1")
    assert bags[1].sites == ("AV", "PV")
    np.testing.assert_array_equal(bags[1].tokens[1], ward.tokens[1, 3:8])
    np.testing.assert_array_equal(bags[1].pooled, ward.pooled[1, :2])


def test_a_bag_leaves_recordings_without_features_out(ward, path):
    (bag,) = open_store(ward.write(path)).features().bags(patient=["101"])
    assert bag.recordings == ("101_0", "101_2")
    assert [len(tokens) for tokens in bag.tokens] == [2, 4]
    np.testing.assert_array_equal(bag.pooled, ward.pooled[0, [2, 4]])


def test_a_patient_without_recordings_has_an_empty_bag_and_is_not_lost(ward, path):
    bags = list(open_store(ward.write(path)).features().bags())
    assert [bag.patient for bag in bags] == ["100", "101", "102", "103"]
    assert bags[2].recordings == ()
    assert bags[2].tokens == ()
    assert bags[2].pooled.shape == (0, 6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"view": "gain-5"}, "no view 'gain-5'; did you mean 'gain-6'"),
        ({"recording": "100_7"}, "no recording '100_7'; did you mean"),
        ({"patient": "999"}, "no patient '999'"),
        ({"patient": "100", "recording": "100_0"}, "not both"),
    ],
)
def test_an_unknown_name_is_an_error_that_names_the_known(ward, path, arguments, message):
    features = open_store(ward.write(path)).features()
    with pytest.raises(StoreError, match=message):
        features.tokens(**arguments)
    with pytest.raises(StoreError, match=message):
        features.pooled(**arguments)


def test_bags_of_an_unknown_patient_fail_before_the_first_bag(ward, path):
    with pytest.raises(StoreError, match="no patient '999'"):
        open_store(ward.write(path)).features().bags(patient=["100", "999"])
