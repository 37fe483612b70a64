import h5py
import numpy as np
import pytest

from heartfeat.errors import StoreError
from heartfeat.stores import open_store

from .damage import unseal


@pytest.fixture
def path(ward, tmp_path):
    return ward.write(tmp_path / "ward.h5")


@pytest.mark.parametrize("share", [0.999, 0.5, 0.1])
def test_a_truncated_file_is_named_so(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(StoreError, match=r"is truncated .*extract again"):
        open_store(path)


@pytest.mark.parametrize("size", [0, 1, 7, 8, 20])
def test_hardly_any_file_is_an_error(path, size):
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(StoreError, match=r"ward\.h5"):
        open_store(path)


def test_a_folder_is_no_hdf5_store(tmp_path):
    (tmp_path / "x.h5").mkdir()
    with pytest.raises(StoreError, match="not an HDF5 file"):
        open_store(tmp_path / "x.h5")


@pytest.mark.parametrize("element", ["recordings", "patients", "features", "patients/offsets"])
def test_a_missing_element_is_named(path, element):
    with h5py.File(path, "r+") as file:
        del file[element]
    with pytest.raises(StoreError, match=f"damaged at {element}: the .* is missing"):
        _ = open_store(path).patient_offsets


@pytest.mark.parametrize("array", ["tokens", "offsets", "pooled", "done"])
def test_a_missing_array_is_named(path, array):
    with h5py.File(path, "r+") as file:
        del file[f"features/logmel/{array}"]
    features = open_store(path).features()
    with pytest.raises(StoreError, match=f"damaged at features/logmel/{array}: the array is missing"):
        (features.tokens(), features.pooled(), features.done)


@pytest.mark.parametrize("text", ["{", "[1]", "3"])
def test_attributes_that_are_no_json_object_are_an_error(path, text):
    with h5py.File(path, "r+") as file:
        file["features"].attrs["attributes"] = text
    with pytest.raises(StoreError, match="damaged at features: its attributes are not"):
        open_store(path)


def test_offsets_that_go_back_are_an_error(path):
    unseal(path)
    with h5py.File(path, "r+") as file:
        file["features/logmel/offsets"][1] = 10**6
    with pytest.raises(
        StoreError, match="damaged at features/logmel/offsets: the offsets must rise from 0 to 21"
    ):
        open_store(path).tokens()


def test_a_store_is_plain_hdf5_to_the_library_itself(ward, path):
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["features/logmel/tokens"][:], ward.tokens)
        assert file["features/logmel/tokens"].chunks is None
        assert file["features/logmel/tokens"].id.get_offset() % 2 == 0
        assert bytes(file["patients/patient/values"][:]) == b"100101102103"


@pytest.mark.parametrize("options", [{"chunks": (1, 5, 3)}, {"compression": "gzip"}])
def test_chunked_and_compressed_arrays_are_read_by_the_library(ward, path, options):
    with h5py.File(path, "r+") as file:
        del file["features/logmel/tokens"]
        file["features/logmel"].create_dataset("tokens", data=ward.tokens, **options)
    store = open_store(path)
    np.testing.assert_array_equal(store.tokens(view="gain-6"), ward.tokens[1])
    np.testing.assert_array_equal(store.tokens(patient="101"), ward.tokens[0, 8:14])


def test_no_file_stays_open_in_hdf5(path):
    store = open_store(path)
    store.tokens()
    with h5py.File(path, "r+"):
        pass


def test_an_open_store_keeps_reading_the_file_that_it_opened(ward, make_ward, path):
    store = open_store(path)
    make_ward(seed=1).write(path)
    np.testing.assert_array_equal(store.tokens(view="gain-6"), ward.tokens[1])
    assert store.recordings.equals(ward.recordings)


def test_attributes_lie_where_the_library_has_checksums(path):
    with h5py.File(path) as file:
        assert file.attrs.get_id("attributes").dtype.kind == "S"
        groups = []
        file.visititems(lambda _, item: groups.append(item) if isinstance(item, h5py.Group) else None)
        assert {group.attrs.get_id("attributes").dtype.kind for group in groups if group.attrs} == {"S"}
    content = path.read_bytes()
    at = content.index(b'"format_version"')
    path.write_bytes(content[:at] + b"#" + content[at + 1 :])
    with pytest.raises(StoreError, match="cannot be read"):
        open_store(path)


def test_text_of_variable_length_is_read_too(path):
    with h5py.File(path, "r+") as file:
        file.attrs["attributes"] = file.attrs["attributes"].decode()
    assert open_store(path).attrs["format"] == "heartfeat"


def test_attributes_that_are_nested_too_deeply_are_an_error(path):
    with h5py.File(path, "r+") as file:
        file["recordings"].attrs["attributes"] = np.bytes_(b'{"a":' * 100_000)
    with pytest.raises(StoreError, match="damaged at recordings: its attributes are not JSON"):
        open_store(path)
