import numpy as np
import pytest

from heartfeat.stores import open_store


@pytest.fixture
def bags(ward, path):
    return open_store(ward.write(path)).bags(view=["clean", "gain-6"]).load()


def test_a_bag_is_cut_from_what_was_loaded_without_copying(ward, bags):
    bag = bags[1]
    assert np.shares_memory(bag.rows, bags.tokens)
    assert np.shares_memory(bag.tokens[0], bags.tokens)
    assert bag.offsets.tolist() == [0, 2, 6]
    np.testing.assert_array_equal(bag.tokens[1], ward.tokens[:, 10:14])
    with pytest.raises(IndexError):
        bags[4]


def test_a_slice_is_a_list_of_bags(ward, path):
    lazy = open_store(ward.write(path)).bags()
    for bags in (lazy, lazy.load()):
        assert [bag.patient for bag in bags[1:3]] == [lazy[1].patient, lazy[2].patient]
        assert all(np.array_equal(one.rows, lazy[at].rows) for at, one in enumerate(bags[::-1][::-1]))
        assert bags[9:] == []


def test_offsets_lead_from_patients_to_recordings_to_rows(ward, bags):
    assert bags.patient_offsets.tolist() == [0, 2, 4, 4, 5]
    assert bags.offsets.tolist() == [0, 3, 8, 10, 14, 21]
    np.testing.assert_array_equal(bags.tokens, ward.tokens)


def test_tensors_share_the_memory_of_the_arrays(bags):
    for holder in (bags, bags[0]):
        tensors = holder.to_torch()
        assert list(tensors) == list(holder.to_numpy())
        for name, values in holder.to_numpy().items():
            assert np.shares_memory(tensors[name].numpy(), values)


def test_a_bag_as_arrays_is_flat(ward, bags):
    arrays = bags[3].to_numpy()
    np.testing.assert_array_equal(arrays["tokens"], ward.tokens[:, 14:])
    np.testing.assert_array_equal(arrays["pooled"], ward.pooled[:, 5:])
    assert arrays["offsets"].tolist() == [0, 7]
