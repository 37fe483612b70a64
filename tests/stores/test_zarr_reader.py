import json
import shutil

import numpy as np
import pytest
import zarr

from heartfeat.errors import StoreError
from heartfeat.stores import open_store, row_sink
from heartfeat.stores.chunk_files import ChunkFiles
from heartfeat.stores.location import locate
from heartfeat.stores.zarr_reader import ZarrContainer


@pytest.fixture
def path(ward, tmp_path):
    return ward.write(tmp_path / "ward.zarr")


def test_a_folder_without_root_metadata_is_no_store(path):
    (path / "zarr.json").unlink()
    with pytest.raises(StoreError, match=r"not a heartfeat store.*zarr\.json"):
        open_store(path)


def test_root_metadata_that_are_not_json_are_an_error(path):
    (path / "zarr.json").write_text("{")
    with pytest.raises(StoreError, match="not a readable Zarr 3 store"):
        open_store(path)


@pytest.mark.parametrize("group", ["recordings", "patients", "features"])
def test_a_missing_table_is_named(path, group):
    (path / group / "zarr.json").unlink()
    with pytest.raises(StoreError, match=f"damaged at {group}: it is missing"):
        open_store(path)


@pytest.mark.parametrize("array", ["tokens", "offsets", "pooled", "done"])
def test_missing_metadata_of_an_array_are_named(path, array):
    (path / "features/logmel" / array / "zarr.json").unlink()
    features = open_store(path).features()
    with pytest.raises(StoreError, match=f"damaged at features/logmel/{array}: it is missing"):
        (features.tokens(), features.pooled(), features.done)


def test_missing_metadata_of_a_column_are_named(path):
    (path / "recordings/site/values/zarr.json").unlink()
    with pytest.raises(StoreError, match="damaged at recordings/site/values: it is missing"):
        _ = open_store(path).recordings


def test_garbage_in_an_arrays_metadata_is_an_error(path):
    (path / "features/logmel/tokens/zarr.json").write_text('{"zarr_format": 3, "node_type": "array"}')
    with pytest.raises(StoreError, match="damaged at features/logmel/tokens"):
        open_store(path).tokens()


def _change_metadata(path, array, **changes):
    file = path / array / "zarr.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [2**62]},
        {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [0]}}},
        {"data_type": "x\n" * 5000},
        {"shape": ["\n"]},
        {"codecs": [{"name": "9" * 5000}]},
    ],
)
def test_metadata_that_cannot_be_take_neither_memory_nor_many_lines(path, changes):
    _change_metadata(path, "recordings/site/values", **changes)
    with pytest.raises(StoreError, match=r"damaged(: the chunk| at recordings/site/values)") as caught:
        _ = open_store(path).recordings
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("element", ["", "recordings", "recordings/site/values"])
def test_metadata_that_are_nested_too_deeply_are_an_error(path, element):
    (path / element / "zarr.json").write_text('{"a":' * 100_000)
    with pytest.raises(StoreError, match=r"not a readable Zarr 3 store|is damaged at"):
        _ = open_store(path).recordings


def test_a_missing_chunk_is_an_error_and_not_silence(path):
    (path / "features/logmel/tokens/c/0/0/0").unlink()
    with pytest.raises(StoreError, match=r"chunk .*tokens/c/0/0/0 is missing"):
        open_store(path).tokens()


def test_a_truncated_chunk_is_an_error(path):
    chunk = path / "features/logmel/tokens/c/1/0/0"
    chunk.write_bytes(chunk.read_bytes()[:-1])
    store = open_store(path)
    assert store.tokens().shape == (21, 3)
    with pytest.raises(StoreError, match=r"chunk .* has 125 bytes, not 126"):
        store.tokens(view="gain-6")


def test_tokens_of_another_shape_than_announced_are_an_error(path):
    shutil.rmtree(path / "features/logmel/tokens")
    zarr.open_group(path, mode="r+").create_array("features/logmel/tokens", shape=(2, 21, 4), dtype="f2")
    with pytest.raises(
        StoreError, match=r"features/logmel/tokens: float16 .* expected, found float16 \(2, 21, 4\)"
    ):
        open_store(path).tokens()


def test_a_zarr_2_folder_is_no_store(tmp_path):
    zarr.create_group(tmp_path / "old.zarr", zarr_format=2)
    with pytest.raises(StoreError, match="is not a heartfeat store"):
        open_store(tmp_path / "old.zarr")


def test_plain_chunks_are_read_as_files(path):
    assert isinstance(ZarrContainer(locate(path)).array("features/logmel/tokens"), ChunkFiles)


@pytest.mark.parametrize("options", [{"compressors": "auto"}, {"shards": (1, 20, 3)}, {"chunks": (2, 5, 3)}])
def test_other_chunks_are_read_by_the_package(ward, path, options):
    shutil.rmtree(path / "features/logmel/tokens")
    root = zarr.open_group(path, mode="r+")
    layout = {"chunks": (1, 5, 3), "compressors": None} | options
    root.create_array("features/logmel/tokens", shape=(2, 21, 3), dtype="<f2", **layout)[:] = ward.tokens
    assert not isinstance(ZarrContainer(locate(path)).array("features/logmel/tokens"), ChunkFiles)
    store = open_store(path)
    np.testing.assert_array_equal(store.tokens(view="gain-6"), ward.tokens[1])
    np.testing.assert_array_equal(store.tokens(patient="101"), ward.tokens[0, 8:14])


def test_a_store_is_plain_zarr_to_the_package_itself(ward, path):
    features = zarr.open_group(path, mode="r")["features/logmel"]
    np.testing.assert_array_equal(features["tokens"][:], ward.tokens)
    np.testing.assert_array_equal(features["offsets"][:], ward.offsets)
    assert features.attrs["views"] == ["clean", "gain-6"]


def test_a_read_may_cross_chunks(ward, tmp_path, monkeypatch):
    monkeypatch.setattr(row_sink, "SLAB_BYTES", 24)
    path = ward.write(tmp_path / "small.zarr")
    assert zarr.open_group(path, mode="r")["features/logmel/tokens"].chunks == (1, 4, 3)
    store = open_store(path)
    np.testing.assert_array_equal(store.tokens(recording="103_0"), ward.tokens[0, 14:21])
    np.testing.assert_array_equal(store.tokens(recording="100_1"), ward.tokens[0, 3:8])


def test_a_chunk_of_a_store_that_took_its_place_is_never_mixed_in(ward, make_ward, path):
    store = open_store(path)
    features = store.features()
    features.tokens("clean")
    make_ward(seed=1).write(path)
    with pytest.raises(StoreError, match="was replaced since it was opened"):
        features.tokens("gain-6")
    with pytest.raises(StoreError, match="was replaced since it was opened"):
        _ = store.recordings
