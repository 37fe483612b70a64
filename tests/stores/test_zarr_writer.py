import numpy as np
import pytest
import zarr

from heartfeat.stores import row_sink
from heartfeat.stores.location import locate
from heartfeat.stores.tree_writer import create_container

from .damage import bytes_of

SHAPES = {
    "u1": (5,),
    "<i8": (4,),
    "?": (2, 5),
    "<u4": (3, 4),
    "<f4": (2, 5, 3),
    "<f2": (2, 7, 4),
}


def values_of(dtype, shape):
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.setattr(row_sink, "SLAB_BYTES", 16)
    with create_container(locate("x.zarr"), tmp_path / "x.zarr") as writer:
        writer.group("", {"format": "heartfeat", "ü": [1.5, None]})
        for number, (dtype, shape) in enumerate(SHAPES.items()):
            writer.array(f"arrays/{number}", values_of(dtype, shape))
        writer.array("empty", np.empty((2, 0, 3), "<f4"))
        sink = writer.sink("sink", (2, 5, 3), "<f2")
        for row in values_of("<f2", (10, 3)):
            sink.append(row[None])
    return tmp_path / "x.zarr"


def by_the_package(path, like):
    """The same arrays, written by the zarr package with the same settings."""
    root = zarr.create_group(path, zarr_format=3)
    for name in ("sink", "empty", *(f"arrays/{number}" for number in range(len(SHAPES)))):
        source = like[name]
        fill = float("nan") if source.dtype.kind == "f" else 0
        copy = root.create_array(
            name,
            shape=source.shape,
            dtype=source.dtype,
            chunks=source.chunks,
            compressors=None,
            fill_value=fill,
            config={"write_empty_chunks": True},
        )
        copy[...] = source[...]
    return path


def test_the_zarr_package_reads_what_was_written(written):
    root = zarr.open_group(written, mode="r")
    for number, (dtype, shape) in enumerate(SHAPES.items()):
        array = root[f"arrays/{number}"]
        np.testing.assert_array_equal(array[...], values_of(dtype, shape))
        assert array.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(root["sink"][...].reshape(10, 3), values_of("<f2", (10, 3)))
    assert root["empty"].shape == (2, 0, 3)
    assert root.attrs["ü"] == [1.5, None]


def test_every_file_is_the_one_that_the_zarr_package_would_write(written, tmp_path):
    ours = bytes_of(written)
    theirs = bytes_of(by_the_package(tmp_path / "package.zarr", zarr.open_group(written, mode="r")))
    chunks = {name for name in ours if not name.endswith("zarr.json")}
    assert chunks == {name for name in theirs if not name.endswith("zarr.json")}
    assert len(chunks) > 20
    for name in chunks:
        assert ours[name] == theirs[name], name
    for name in ("sink", "empty", "arrays/0", "arrays/1", "arrays/2", "arrays/3", "arrays/4", "arrays/5"):
        assert ours[f"{name}/zarr.json"] == theirs[f"{name}/zarr.json"], name


def test_groups_metadata_are_those_of_the_zarr_package(written, tmp_path):
    attrs = zarr.open_group(written, mode="r").attrs.asdict()
    zarr.create_group(tmp_path / "package.zarr", zarr_format=3).attrs.put(attrs)
    assert (written / "zarr.json").read_bytes() == (tmp_path / "package.zarr/zarr.json").read_bytes()
