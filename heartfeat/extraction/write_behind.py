"""Pooling and staging behind the device: the next batch is encoded while the last one is written."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np

from heartfeat.backbones.backbone import BackboneSpec
from heartfeat.backbones.cuts import Cut
from heartfeat.backbones.encode import Encoding
from heartfeat.errors import BackboneError
from heartfeat.extraction.feature_sets import BlockKey
from heartfeat.extraction.ledger import Done, WorkSource
from heartfeat.extraction.pooling import pool, statistics_of
from heartfeat.extraction.prepare import Prepared
from heartfeat.extraction.staging import StagingWriter

COMMIT_SECONDS = 0.5
"""Longest time between two commits (s), unless one batch takes longer."""

LONGEST_QUEUE = 2
"""Batches that may wait to be written, so that memory stays flat when the disk is slow."""


@dataclass(frozen=True)
class Encoded:
    """Blocks of one feature set whose forward passes have begun.

    Attributes
    ----------
    blocks
        The blocks and their windows.
    encoding
        Tokens of all those windows, in that order.
    """

    blocks: Sequence[tuple[BlockKey, Cut]]
    encoding: Encoding


@dataclass(frozen=True)
class Batch:
    """Recordings that were prepared together, and their blocks by feature set."""

    recordings: Sequence[Prepared]
    encoded: Sequence[Encoded]


class WriteBehind:
    """Writes batches in the order in which they are put, and commits now and then.

    Parameters
    ----------
    source
        Told what was committed.
    specs
        Backbones by core key.
    staging
        Where blocks go.
    threads
        Threads that pool tokens.
    """

    def __init__(
        self, source: WorkSource, specs: Mapping[str, BackboneSpec], staging: StagingWriter, threads: int = 1
    ) -> None:
        self._source, self._specs, self._staging = source, specs, staging
        self._writer = ThreadPoolExecutor(1)
        self._poolers = ThreadPoolExecutor(threads) if threads > 1 else None
        self._queue: deque[Future[None]] = deque()
        self._started = self._committed = time.perf_counter()
        self._pending, self._names = Done(), list[str]()

    def put(self, batch: Batch) -> None:
        """Write a batch soon; raises what writing an earlier one raised."""
        while len(self._queue) >= LONGEST_QUEUE:
            self._queue.popleft().result()
        self._queue.append(self._writer.submit(self._write, batch))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            while error is None and self._queue:
                self._queue.popleft().result()
        finally:
            self._writer.shutdown(cancel_futures=True)
            if self._poolers:
                self._poolers.shutdown(cancel_futures=True)
        if error is None:
            self._commit(Done(worked=time.perf_counter() - self._started))

    def _write(self, batch: Batch) -> None:
        encode, write = 0.0, 0.0
        for one in batch.encoded:
            tokens = one.encoding.tokens()
            encode += one.encoding.seconds
            started = time.perf_counter()
            self._stage(one.blocks, tokens)
            write += time.perf_counter() - started
        for prepared in batch.recordings:
            self._staging.note(prepared.facts)
        encoded_ones = [prepared.facts for prepared in batch.recordings if prepared.cuts]
        self._names += [prepared.facts.recording for prepared in batch.recordings]
        self._pending += Done(
            recordings=len(batch.recordings),
            encoded=len(encoded_ones),
            audio_seconds=sum(facts.duration or 0.0 for facts in encoded_ones),
            decode=sum(prepared.seconds for prepared in batch.recordings),
            encode=encode,
            write=write,
        )
        if time.perf_counter() - self._committed >= COMMIT_SECONDS:
            self._commit(Done())

    def _stage(self, blocks: Sequence[tuple[BlockKey, Cut]], encoded: np.ndarray) -> None:
        spec = self._specs[blocks[0][0].core_key]
        ends = np.cumsum([len(cut.windows) for _, cut in blocks])
        pieces = np.split(encoded, ends[:-1])
        tokens = [cut.stitch(piece, spec) for (_, cut), piece in zip(blocks, pieces, strict=True)]
        over = self._poolers.map if self._poolers else map
        wanted = statistics_of(spec)
        pooled = over(lambda one: pool(_checked(one, spec.name), spec.token_rate, wanted), tokens)
        for (key, _), one, statistics in zip(blocks, tokens, pooled, strict=True):
            self._staging.add(key, one, statistics)

    def _commit(self, last: Done) -> None:
        started = time.perf_counter()
        self._staging.commit()
        self._committed = time.perf_counter()
        done = self._pending + last + Done(write=self._committed - started)
        self._source.report(self._names, done)
        self._pending, self._names = Done(), []


def _checked(tokens: np.ndarray, name: str) -> np.ndarray:
    """The tokens, once they are known to be finite; float16 makes infinity of what it cannot hold.

    Raises
    ------
    BackboneError
        When they are not.
    """
    if not np.isfinite(tokens).all():
        raise BackboneError(
            f"the backbone {name!r} gave numbers that are not finite, or beyond the 65,504 that the store's "
            "float16 holds. Choose other layers"
        )
    return tokens
