import json
import shutil

import h5py
import numpy as np
import pytest

from heartfeat.backbones.settings import LogMelSettings
from heartfeat.errors import StoreError
from heartfeat.extraction.engine import run_extraction
from heartfeat.stores import open_store
from heartfeat.stores.repair import repair_store
from heartfeat.stores.verify import verify_store

from ..extraction.small_cohorts import contents, make_cohort
from .damage import bytes_of, flip

SETTINGS = [LogMelSettings(bands=16), LogMelSettings(name="coarse", bands=8, token_rate=10.0)]
VIEWS = ("clean", "gain-6")


def test_a_whole_store_is_left_untouched(ward, path):
    before, stamp = bytes_of(ward.write(path)), path.stat()
    assert not repair_store(path).changed
    assert bytes_of(path) == before
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (stamp.st_ino, stamp.st_mtime_ns)


def test_damaged_blocks_are_taken_out_and_all_else_is_kept(ward, path):
    ward.write(path, ward.source("one"), ward.source("two"))
    created = open_store(path).attrs["created"]
    flip(path, "features/two/tokens", 21 * 6 + 1)
    done = repair_store(path)
    assert done.changed
    assert (done.recordings, done.dropped) == ({"two": ("100_0",)}, {})
    assert not verify_store(path).damaged
    features = open_store(path).features("two")
    assert features.done[:, 0].tolist() == [True, False]
    assert np.isnan(features.tokens("gain-6", "100_0")).all()
    np.testing.assert_array_equal(features.tokens("clean"), ward.tokens[0])
    np.testing.assert_array_equal(features.tokens("gain-6", "100_1"), ward.tokens[1, 3:8])
    store = open_store(path)
    assert store.features("one").done.sum() == 10
    np.testing.assert_array_equal(store.tokens("one", view="gain-6"), ward.tokens[1])
    assert store.recordings.equals(ward.recordings)
    assert store.patients.equals(ward.patients)
    assert store.attrs["created"] == created


def test_a_recording_without_any_good_view_owns_no_rows(ward, path):
    ward.write(path)
    for view in (0, 1):
        flip(path, "features/logmel/tokens", view * 21 * 6)
    repair_store(path)
    features = open_store(path).features()
    assert features.tokens("clean", "100_0").shape == (0, 3)
    np.testing.assert_array_equal(features.tokens("gain-6", "100_1"), ward.tokens[1, 3:8])


@pytest.mark.parametrize("array", ["done", "checksum"])
def test_a_wrong_mark_costs_its_block_alone(ward, path, array):
    ward.write(path)
    flip(path, f"features/logmel/{array}", 0)
    assert repair_store(path).recordings == {"logmel": ("100_0",)}
    assert not verify_store(path).damaged
    assert open_store(path).features().done.sum() == 9


def test_a_set_with_damaged_attributes_or_offsets_is_dropped_and_named(ward, path):
    ward.write(path, ward.source("one"), ward.source("two"), ward.source("three"))
    flip(path, "features/one/offsets", 9)
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            file["features/two"].attrs["attributes"] = "{}"
    else:
        (path / "features/two/zarr.json").write_text(json.dumps({"zarr_format": 3, "node_type": "group"}))
    done = repair_store(path)
    assert done.recordings == {}
    assert set(done.dropped) == {"one", "two"}
    store = open_store(path)
    assert store.feature_sets == ("three",)
    np.testing.assert_array_equal(store.tokens(), ward.tokens[0])
    assert not verify_store(path).damaged


@pytest.mark.parametrize("element", ["recordings/patient/values", "patients/age/values", "patients/offsets"])
def test_damaged_tables_are_refused_and_the_store_left_as_it_is(ward, path, element):
    ward.write(path)
    flip(path, element, 1)
    flip(path, "features/logmel/tokens", 1)
    before = bytes_of(path)
    with pytest.raises(StoreError, match=rf"outside its features.*{element}.*restore it from a copy"):
        repair_store(path)
    assert bytes_of(path) == before


def test_a_remote_store_is_refused():
    with pytest.raises(StoreError, match="on a local disk"):
        repair_store("memory://somewhere/ward.zarr")


def flip_tokens(path):
    flip(path, "features/logmel/tokens", 1000)


def flip_pooled(path):
    flip(path, "features/coarse/pooled", 5)


def delete_chunk(path):
    (path / "features/logmel/tokens/c/1/0/0").unlink()


def truncate_chunk(path):
    chunk = path / "features/coarse/pooled/c/0/0/0"
    chunk.write_bytes(chunk.read_bytes()[:-7])


def drop_set(path):
    if path.is_dir():
        shutil.rmtree(path / "features/logmel/offsets")
    else:
        with h5py.File(path, "r+") as file:
            del file["features/logmel/offsets"]


@pytest.fixture(scope="module")
def extracted(tmp_path_factory):
    """A cohort, and its store in both containers."""
    folder = tmp_path_factory.mktemp("extracted")
    cohort = make_cohort(folder, patients=2)
    for suffix in (".zarr", ".h5"):
        run_extraction(cohort, folder / f"store{suffix}", SETTINGS, VIEWS)
    return cohort, folder


@pytest.mark.parametrize(
    ("suffix", "harm", "encoded"),
    [
        (".zarr", flip_tokens, 1),
        (".h5", flip_tokens, 1),
        (".zarr", flip_pooled, 1),
        (".h5", flip_pooled, 1),
        (".zarr", delete_chunk, 4),
        (".zarr", truncate_chunk, 4),
        (".zarr", drop_set, 4),
        (".h5", drop_set, 4),
    ],
)
def test_repair_and_extract_give_the_store_that_was(extracted, tmp_path, suffix, harm, encoded):
    cohort, folder = extracted
    whole, path = folder / f"store{suffix}", tmp_path / f"store{suffix}"
    (shutil.copytree if whole.is_dir() else shutil.copy)(whole, path)
    harm(path)
    assert verify_store(path).damaged
    repair_store(path)
    assert not verify_store(path).damaged
    assert run_extraction(cohort, path, SETTINGS, VIEWS).encoded == encoded
    assert contents(path) == contents(whole)
    assert not verify_store(path).damaged
    assert run_extraction(cohort, path, SETTINGS, VIEWS).nothing_to_do
