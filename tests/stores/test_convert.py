import shutil
from pathlib import Path

import fsspec
import numpy as np
import polars as pl
import pytest

from heartfeat.errors import StoreError
from heartfeat.stores import open_store
from heartfeat.stores.convert import convert_store
from heartfeat.stores.verify import verify_store

from .damage import bytes_of, flip, unseal

OTHER = {".zarr": ".h5", ".h5": ".zarr"}


@pytest.fixture
def target(path):
    return path.with_name(f"copy{OTHER[path.suffix]}")


@pytest.fixture
def remote():
    """A folder in fsspec's memory."""
    memory = fsspec.filesystem("memory")
    yield memory
    if memory.exists("/converted"):
        memory.rm("/converted", recursive=True)


def test_there_and_back_gives_the_same_bytes(ward, path, target):
    ward.recordings = ward.recordings.with_columns(
        (pl.col("duration") * float("nan")).alias("a.b/ü"), nothing=pl.lit(None)
    )
    before = bytes_of(ward.write(path, ward.source("one", note="kept"), ward.source("two")))
    convert_store(path, target)
    assert not verify_store(target).damaged
    back = path.with_name(f"back{path.suffix}")
    convert_store(target, back)
    assert list(bytes_of(back).values()) == list(before.values())
    assert {file.name for file in path.parent.iterdir()} == {path.name, target.name, back.name}


def test_attributes_tables_and_features_are_those_of_the_source(ward, path, target):
    ward.write(path, ward.source("one", note=[1.5, None]), created="then", cohort_digest="abc")
    convert_store(path, target)
    source, copy = open_store(path), open_store(target)
    assert copy.attrs == source.attrs
    assert copy.recordings.equals(ward.recordings)
    assert copy.patients.equals(ward.patients)
    assert copy.features().attrs == source.features().attrs
    assert copy.features().done.tolist() == source.features().done.tolist()
    for number, view in enumerate(ward.views):
        assert copy.tokens(view=view).tobytes() == ward.tokens[number].tobytes()
        assert copy.pooled(view=view).tobytes() == source.pooled(view=view).tobytes()


def test_rows_that_are_not_done_stay_not_done(ward, path, target):
    def read(view, recording):
        return None if (view, recording) == (1, 0) else ward.read(view, recording)

    ward.write(path, ward.source(read=read))
    convert_store(path, target)
    features = open_store(target).features()
    assert features.done[:, 0].tolist() == [True, False]
    assert np.isnan(features.tokens("gain-6", "100_0")).all()


def test_a_source_without_checksums_gets_them(ward, path, target):
    unseal(ward.write(path))
    convert_store(path, target)
    assert verify_store(target).unsealed == ()
    np.testing.assert_array_equal(open_store(target).tokens(), ward.tokens[0])


@pytest.mark.parametrize(
    ("array", "byte", "named"),
    [
        ("features/logmel/tokens", 21 * 6, "recording '100_0', view 'gain-6'"),
        ("features/logmel/pooled", 1, "recording '100_0', view 'clean'"),
        ("features/logmel/offsets", 8, "features/logmel/offsets"),
        ("features/logmel/done", 0, "features/logmel/done"),
        ("recordings/site/values", 0, "recordings/site/values"),
        ("patients/offsets", 8, "patients/offsets"),
    ],
)
def test_a_damaged_source_is_named_and_leaves_no_target(ward, path, target, array, byte, named):
    ward.write(path)
    flip(path, array, byte)
    with pytest.raises(StoreError, match=named):
        convert_store(path, target)
    assert list(path.parent.iterdir()) == [path]


def test_a_lost_chunk_of_the_source_leaves_the_old_target(ward, make_ward, tmp_path):
    path, target = ward.write(tmp_path / "a.zarr"), make_ward(seed=1).write(tmp_path / "b.h5")
    before = target.read_bytes()
    (path / "features/logmel/tokens/c/1/0/0").unlink()
    with pytest.raises(StoreError, match="tokens/c/1/0/0 is missing"):
        convert_store(path, target, overwrite=True)
    assert target.read_bytes() == before


def test_a_store_in_the_way_is_replaced_only_when_asked(ward, make_ward, path, target):
    ward.write(path)
    before = bytes_of(make_ward(seed=1).write(target))
    with pytest.raises(StoreError, match="is there already; add --overwrite"):
        convert_store(path, target)
    assert bytes_of(target) == before
    convert_store(path, target, overwrite=True)
    np.testing.assert_array_equal(open_store(target).tokens(), ward.tokens[0])


def test_what_is_no_store_is_never_overwritten(ward, path, target):
    ward.write(path)
    target.write_text("years of work")
    with pytest.raises(StoreError, match="in the way and will not be overwritten"):
        convert_store(path, target, overwrite=True)
    assert target.read_text() == "years of work"


def test_a_store_is_not_converted_into_itself(ward, path, monkeypatch):
    ward.write(path)
    monkeypatch.chdir(path.parent)
    with pytest.raises(StoreError, match="both source and target"):
        convert_store(path, path.name, overwrite=True)


def test_a_missing_source_is_named(tmp_path):
    with pytest.raises(StoreError, match="there is no store at"):
        convert_store(tmp_path / "missing.zarr", tmp_path / "b.h5")
    assert list(tmp_path.iterdir()) == []


def test_a_store_goes_to_a_remote_place_and_comes_back(ward, path, remote):
    before = bytes_of(ward.write(path))
    seen = []
    convert_store(path, "memory://converted/ward.zarr", progress=lambda *update: seen.append(update))
    store = open_store("memory://converted/ward.zarr")
    np.testing.assert_array_equal(store.tokens(view="gain-6"), ward.tokens[1])
    assert seen[-1][0] == "sending to memory://converted/ward.zarr"
    assert seen[-1][1] == seen[-1][2]
    back = path.with_name(f"back{path.suffix}")
    convert_store("memory://converted/ward.zarr", back)
    assert list(bytes_of(back).values()) == list(before.values())


def test_a_remote_store_is_replaced_only_when_asked_and_then_wholly(ward, make_ward, path, remote):
    convert_store(ward.write(path, ward.source("old")), "memory://converted/ward.zarr")
    path.unlink() if path.is_file() else shutil.rmtree(path)
    other = make_ward(((2,), (4, 1)), seed=5)
    other.write(path)
    with pytest.raises(StoreError, match="is there already; add --overwrite"):
        convert_store(path, "memory://converted/ward.zarr")
    convert_store(path, "memory://converted/ward.zarr", overwrite=True)
    assert not remote.exists("/converted/ward.zarr/features/old")
    np.testing.assert_array_equal(open_store("memory://converted/ward.zarr").tokens(), other.tokens[0])


def test_half_an_upload_is_no_store_and_the_next_one_goes_over_it(ward, path, remote):
    ward.write(path)

    def interrupt(what, done, total):
        if what.startswith("sending"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert_store(path, "memory://converted/ward.zarr", progress=interrupt)
    assert remote.find("/converted/ward.zarr"), "something was sent"
    with pytest.raises(StoreError, match="not a heartfeat store"):
        open_store("memory://converted/ward.zarr")
    convert_store(path, "memory://converted/ward.zarr")
    np.testing.assert_array_equal(open_store("memory://converted/ward.zarr").tokens(), ward.tokens[0])


def test_a_remote_place_that_refuses_is_named(ward, path):
    ward.write(path)
    with pytest.raises(StoreError, match="writing noscheme://bucket"):
        convert_store(path, "noscheme://bucket/ward.zarr")


def test_nothing_stays_in_the_temporary_folder(ward, path, remote, tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    convert_store(ward.write(path), "memory://converted/ward.zarr")
    assert list(Path(temporary).iterdir()) == []
