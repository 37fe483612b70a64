"""Stores and selections in forked and spawned processes, after they were read in the parent."""

import multiprocessing
import shutil

import numpy as np
import pytest
import zarr

from heartfeat.stores import Selection, Store, open_store

KINDS = ("zarr", "hdf5", "compressed zarr", "sharded zarr")
LAYOUTS = {
    "compressed zarr": {"chunks": (1, 5, 3), "compressors": "auto"},
    "sharded zarr": {"chunks": (1, 5, 3), "shards": (1, 20, 3)},
}


@pytest.fixture(params=KINDS)
def store(request, ward, tmp_path):
    path = ward.write(tmp_path / f"ward.{'h5' if request.param == 'hdf5' else 'zarr'}")
    if request.param in LAYOUTS:
        shutil.rmtree(path / "features/logmel/tokens")
        root = zarr.open_group(path, mode="r+")
        array = root.create_array(
            "features/logmel/tokens", shape=(2, 21, 3), dtype="<f2", **LAYOUTS[request.param]
        )
        array[:] = ward.tokens
    return open_store(path)


def read(store: Store, selection: Selection) -> list[np.ndarray]:
    streamed = [block.tokens for block in store.stream(view="gain-6", block_bytes=40)]
    return [
        store.tokens(view="gain-6"),
        np.concatenate(streamed),
        selection.load().tokens,
        selection[0].rows,
        store.bags(site=["AV", "TV"]).load().tokens,
        store.bags(patient=store.patients["patient"]).pooled(),
    ]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_another_process_reads_what_this_one_read(ward, store, method):
    selection = store.bags(patient=["103", "100"], view=["gain-6", "clean"])
    before = read(store, selection)
    np.testing.assert_array_equal(before[0], ward.tokens[1])
    with multiprocessing.get_context(method).Pool(1) as pool:
        there = pool.apply_async(read, (store, selection)).get(timeout=20)
    for values, others in zip(before, there, strict=True):
        np.testing.assert_array_equal(values, others)
    np.testing.assert_array_equal(store.tokens(view="gain-6"), ward.tokens[1])


def _read_inherited(store, selection, connection):
    connection.send(read(store, selection))


def test_a_forked_child_reads_the_objects_that_it_inherited(store):
    context = multiprocessing.get_context("fork")
    selection = store.bags(patient=["103", "100"], view=["gain-6", "clean"])
    before = read(store, selection)
    here, there = context.Pipe()
    child = context.Process(target=_read_inherited, args=(store, selection, there))
    child.start()
    assert here.poll(20), "the child hangs"
    for values, others in zip(before, here.recv(), strict=True):
        np.testing.assert_array_equal(values, others)
    child.join()
    for values, others in zip(before, read(store, selection), strict=True):
        np.testing.assert_array_equal(values, others)
