"""Ways to damage a store of either container, and all bytes that it has."""

import json
import shutil
from pathlib import Path

import h5py

from heartfeat.stores.row_sink import slab_rows


def flip(path: Path, array: str, byte: int) -> None:
    """Flip one bit in an array's bytes, counted from its start."""
    file, place = _find(path, array, byte)
    with file.open("r+b") as opened:
        opened.seek(place)
        old = opened.read(1)[0]
        opened.seek(place)
        opened.write(bytes([old ^ 1]))


def _find(path: Path, array: str, byte: int) -> tuple[Path, int]:
    if path.suffix == ".h5":
        with h5py.File(path) as file:
            return path, file[array].id.get_offset() + byte
    import zarr

    node = zarr.open_group(path, mode="r")[array]
    bounds = node.shape
    if len(bounds) == 1:
        size = slab_rows(bounds, node.dtype.itemsize) * node.dtype.itemsize
        return path / array / "c" / str(byte // size), byte % size
    row = node.dtype.itemsize * int(node.size // (bounds[0] * bounds[1]))
    view, rest = divmod(byte, bounds[1] * row)
    chunk, place = divmod(rest, slab_rows(bounds, node.dtype.itemsize) * row)
    return path.joinpath(array, "c", str(view), str(chunk), *["0"] * (len(bounds) - 2)), place


def bytes_of(path: Path) -> dict[str, bytes]:
    """Every file of a store, by its path within it."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return {str(file.relative_to(path)): file.read_bytes() for file in files if file.is_file()}


def unseal(path: Path) -> None:
    """Take all checksums out of a store, as if it had been written without."""
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            file.visititems(lambda _, item: _unseal_group(item))
            _unseal_group(file)
            file.visititems(
                lambda _, item: item.pop("checksum", None) if isinstance(item, h5py.Group) else None
            )
        return
    for metadata in path.rglob("zarr.json"):
        content = json.loads(metadata.read_text())
        content["attributes"].pop("checksums", None)
        metadata.write_text(json.dumps(content))
    for folder in path.glob("features/*/checksum"):
        shutil.rmtree(folder)


def _unseal_group(item: h5py.Group | h5py.Dataset) -> None:
    if isinstance(item, h5py.Group):
        attrs = json.loads(item.attrs["attributes"])
        attrs.pop("checksums", None)
        item.attrs["attributes"] = json.dumps(attrs)
