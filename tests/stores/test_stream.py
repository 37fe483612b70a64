import gc
import multiprocessing
import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartfeat.errors import StoreError
from heartfeat.stores import open_store
from heartfeat.stores.stream import cut, read_ahead

SMALL = 60
"""Bytes of a block: a patient or two of the small ward."""


def threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("heartfeat-stream")]


@pytest.fixture
def store(make_ward, path):
    return open_store(make_ward(tuple((2, 3) for _ in range(20))).write(path))


@given(st.lists(st.integers(0, 10), max_size=12), st.integers(1, 20))
def test_spans_cover_all_and_keep_the_limit_where_they_can(sizes, limit):
    spans = cut(np.array(sizes, np.int64), limit)
    assert [n for start, stop in spans for n in range(start, stop)] == list(range(len(sizes)))
    for start, stop in spans:
        assert sum(sizes[start:stop]) <= limit or stop == start + 1
        assert stop == len(sizes) or sum(sizes[start : stop + 1]) > limit, (
            "no block is smaller than it need be"
        )


def test_blocks_hold_every_patient_once_in_stored_order(store):
    selection = store.bags(patient=[str(119 - n) for n in range(20)], view=["clean", "gain-6"])
    size = selection.nbytes // 20
    blocks = list(selection.stream(block_bytes=3 * size))
    assert [len(block) for block in blocks] == [3] * 6 + [2]
    assert [bag.patient for block in blocks for bag in block] == [str(100 + n) for n in range(20)]
    np.testing.assert_array_equal(
        np.concatenate([block.tokens for block in blocks], axis=1),
        store.bags(view=["clean", "gain-6"]).load().tokens,
    )


def test_a_patient_larger_than_a_block_is_a_block(store):
    assert [len(block) for block in store.stream(block_bytes=1)] == [1] * 20


def test_shuffling_is_drawn_from_the_seed_and_keeps_neighbours_in_a_block(store):
    def order(seed):
        return [
            block.patients for block in store.stream(block_bytes=store.bags().nbytes // 4, shuffle_seed=seed)
        ]

    assert order(1) == order(1)
    assert order(1) != order(2)
    assert sorted(name for block in order(1) for name in block) == [str(100 + n) for n in range(20)]
    for block in order(1):
        places = sorted(int(name) for name in block)
        assert places == list(range(places[0], places[0] + 5))
    assert [min(block) for block in order(2)] != ["100", "105", "110", "115"], "blocks are drawn, too"


def test_shuffled_bags_hold_the_rows_of_their_patients(store):
    for block in store.stream(block_bytes=SMALL * 10, shuffle_seed=0, view="gain-6"):
        for bag in block:
            np.testing.assert_array_equal(bag.rows, store.tokens(patient=bag.patient, view="gain-6"))


def test_sites_and_patients_are_chosen_as_in_bags(store):
    blocks = list(store.stream(patient=["103", "101"], site="MV", block_bytes=SMALL))
    assert [block.recordings for block in blocks] == [("101_1",)]
    assert blocks[0].patients == ("101", "103")


def test_names_are_checked_before_the_first_block(store):
    with pytest.raises(StoreError, match="no patient '99'"):
        store.stream(patient=["99"])
    with pytest.raises(StoreError, match="block_bytes must be at least 1, not 0"):
        store.stream(block_bytes=0)


def test_the_next_block_is_read_while_one_is_used():
    second = threading.Event()

    def read(block):
        if block == 1:
            second.set()
        return block

    stream = read_ahead(read, [0, 1, 2])
    assert next(stream) == 0
    assert second.wait(10)
    assert list(stream) == [1, 2]


def test_no_more_than_one_block_is_read_ahead():
    begun = []
    stream = read_ahead(lambda block: begun.append(block) or block, range(10))
    for number in range(4):
        assert next(stream) == number
        assert max(begun) <= number + 1
    stream.close()


@pytest.mark.parametrize("end", ["close", "drop", "exhaust"])
def test_the_thread_ends_with_the_iterator(store, end):
    stream = store.stream(block_bytes=SMALL)
    next(stream)
    assert threads()
    if end == "close":
        stream.close()
    elif end == "exhaust":
        list(stream)
    else:
        del stream
        gc.collect()
    assert not threads()


def test_no_thread_begins_before_the_first_block(store):
    stream = store.stream()
    assert not threads()
    stream.close()


def test_an_error_in_the_thread_is_raised_at_its_turn(ward, tmp_path):
    from heartfeat.stores import row_sink

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_sink, "SLAB_BYTES", 24)
        path = ward.write(tmp_path / "ward.zarr")
    (path / "features/logmel/tokens/c/0/3/0").unlink()
    stream = open_store(path).stream(block_bytes=1)
    assert next(stream).patients == ("100",)
    with pytest.raises(StoreError, match="c/0/3/0 is missing"):
        list(stream)
    assert not threads()


def test_memory_stays_at_a_few_blocks(make_ward, path):
    store = open_store(make_ward(tuple((500,) for _ in range(64)), views=("clean",), dim=64).write(path))
    store.bags()[0]
    whole, block = store.bags().nbytes, 2**18
    assert whole > 15 * block
    tracemalloc.start()
    try:
        total = sum(bags.tokens.nbytes + bags.pooled.nbytes for bags in store.stream(block_bytes=block))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == whole
    assert peak < 4 * block


def _go_on(stream):
    try:
        list(stream)
    except StoreError as error:
        return str(error)
    return "no error"


def _go_on_in_child(stream, connection):
    connection.send(_go_on(stream))


def test_a_stream_carried_through_a_fork_is_an_error_and_no_hang(store):
    context = multiprocessing.get_context("fork")
    stream = store.stream(block_bytes=SMALL)
    next(stream)
    here, there = context.Pipe()
    child = context.Process(target=_go_on_in_child, args=(stream, there))
    child.start()
    assert here.poll(20)
    assert "begun in another process" in here.recv()
    child.join(20)
    assert child.exitcode == 0
    assert len(list(stream)) > 1
