"""Blocks of patients, the next one read by a thread while the present one is used."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from heartfeat.errors import StoreError
from heartfeat.stores.places import Places

BLOCK_BYTES = 64 * 2**20
"""Large enough for the full speed of a disk, small enough to hold three."""

T = TypeVar("T")


def cut(sizes: np.ndarray, limit: int) -> list[tuple[int, int]]:
    """Spans of neighbours whose sizes add up to at most ``limit``, or of one that is larger by itself."""
    before = np.concatenate([[0], np.cumsum(sizes)])
    spans: list[tuple[int, int]] = []
    start = 0
    while start < len(sizes):
        stop = int(np.searchsorted(before, before[start] + limit, side="right")) - 1
        spans.append((start, max(start + 1, stop)))
        start = spans[-1][1]
    return spans


def plan_blocks(
    places: Places, sizes: np.ndarray, block_bytes: int, shuffle_seed: int | None
) -> list[Places]:
    """Blocks of patients who are neighbours in the store.

    Parameters
    ----------
    places
        Patients and recordings to read.
    sizes
        ``(patients,)`` bytes of each.
    block_bytes
        The most bytes of a block, unless one patient has more.
    shuffle_seed
        None keeps the stored order; a number draws the order of the blocks and of the patients in each.
    """
    stored = np.argsort(places.patients, kind="stable")
    blocks = [stored[start:stop] for start, stop in cut(sizes[stored], block_bytes)]
    if shuffle_seed is not None:
        generator = np.random.default_rng(shuffle_seed)
        blocks = [generator.permutation(blocks[number]) for number in generator.permutation(len(blocks))]
    return [places.take(block) for block in blocks]


def read_ahead(read: Callable[[Places], T], blocks: Sequence[Places]) -> Iterator[T]:
    """``read(block)`` of each block, one block ahead of the consumer.

    Closing the iterator, or dropping it, ends the thread. What goes wrong in ``read`` is raised to the
    consumer at its turn.

    Raises
    ------
    StoreError
        When the iterator is used in a forked process: the thread is in the process that began it.
    """
    process = os.getpid()
    with ThreadPoolExecutor(1, "heartfeat-stream") as pool:
        ahead: deque[Future[T]] = deque()
        for block in blocks:
            ahead.append(pool.submit(read, block))
            if len(ahead) > 1:
                yield ahead.popleft().result()
                _check_process(process)
        for last in ahead:
            yield last.result()


def _check_process(process: int) -> None:
    if os.getpid() != process:
        raise StoreError("this stream was begun in another process, which has its thread: begin one here")
