"""One worker: prefetch, encode, pool, stage."""

import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from heartfeat.backbones.backbone import Backbone
from heartfeat.backbones.encode import default_batch_size, encode_windows
from heartfeat.backbones.windows import cut_windows, stitch, token_count
from heartfeat.errors import BackboneError
from heartfeat.extraction.facts import Facts
from heartfeat.extraction.feature_sets import BlockKey
from heartfeat.extraction.ledger import Done, WorkSource
from heartfeat.extraction.pooling import pool
from heartfeat.extraction.prepare import Prepared, prepare
from heartfeat.extraction.staging import StagingWriter

LARGEST_FLOAT16 = 65504.0
COMMIT_SECONDS = 0.5
"""Longest time between two commits (s), unless one recording takes longer."""


@dataclass
class Worker:
    """Fills a staging shard until its source has no more work.

    Attributes
    ----------
    source
        Hands out work.
    backbones
        By core key, their models on ``device``.
    staging
        Where blocks go.
    device
        Such as ``"cpu"`` or ``"cuda:0"``.
    batch_size
        Windows per forward pass; None for the device's default.
    threads
        Threads that read and filter ahead of the device.
    """

    source: WorkSource
    backbones: Mapping[str, Backbone]
    staging: StagingWriter
    device: str = "cpu"
    batch_size: int | None = None
    threads: int = 1
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """Work until there is no more.

        Raises
        ------
        BackboneError
            When features are not finite or too large to store.
        """
        pending, committed = Done(), time.perf_counter()
        for group in self._groups():
            pending += self._process(group)
            if time.perf_counter() - committed >= COMMIT_SECONDS:
                self._commit(pending)
                pending, committed = Done(), time.perf_counter()
        self._commit(pending)

    def _commit(self, pending: Done) -> None:
        started = time.perf_counter()
        self.staging.commit()
        self.source.report(pending + Done(write=time.perf_counter() - started))

    def _groups(self) -> Iterator[list[Prepared]]:
        """Prepared recordings, together enough for one batch."""
        wanted = self.batch_size or default_batch_size(self.device)
        group: list[Prepared] = []
        windows = 0.0
        for prepared in self._prefetch():
            group.append(prepared)
            windows += max((self._windows(key, x) for key, x in prepared.signals.items()), default=0.0)
            if windows >= wanted:
                yield group
                group, windows = [], 0.0
        if group:
            yield group

    def _windows(self, key: BlockKey, signal: np.ndarray) -> float:
        window = self.backbones[key.core_key].spec.window
        return max(1.0, len(signal) / (window.hop * window.tokens))

    def _prefetch(self) -> Iterator[Prepared]:
        """Recordings in the order in which they were handed out, a few of them ahead."""
        waiting: deque[Future[Prepared | None]] = deque()
        with ThreadPoolExecutor(self.threads) as pool_of_threads:
            try:
                waiting.extend(pool_of_threads.submit(self._next) for _ in range(self.threads + 1))
                while (prepared := waiting.popleft().result()) is not None:
                    waiting.append(pool_of_threads.submit(self._next))
                    yield prepared
            finally:
                pool_of_threads.shutdown(wait=False, cancel_futures=True)

    def _next(self) -> Prepared | None:
        with self._lock:
            unit = self.source.next_unit()
        specs = {key: backbone.spec for key, backbone in self.backbones.items()}
        return None if unit is None else prepare(unit, specs, self._claim)

    def _claim(self, facts: Facts) -> list[BlockKey]:
        with self._lock:
            return self.source.claim(facts)

    def _process(self, group: list[Prepared]) -> Done:
        encode_started = time.perf_counter()
        blocks = [block for core_key in self.backbones for block in self._encode(core_key, group)]
        write_started = time.perf_counter()
        for key, tokens in blocks:
            self.staging.add(key, tokens, pool(tokens, self.backbones[key.core_key].spec.token_rate))
        for prepared in group:
            self.staging.note(prepared.facts)
        encoded = [prepared.facts for prepared in group if prepared.signals]
        return Done(
            recordings=len(group),
            encoded=len(encoded),
            audio_seconds=sum(facts.duration or 0.0 for facts in encoded),
            decode=sum(prepared.seconds for prepared in group),
            encode=write_started - encode_started,
            write=time.perf_counter() - write_started,
        )

    def _encode(self, core_key: str, group: list[Prepared]) -> Iterator[tuple[BlockKey, np.ndarray]]:
        """Tokens ``(rows, D)`` float16 of every block of one feature set."""
        backbone = self.backbones[core_key]
        window = backbone.spec.window
        signals = [
            item for prepared in group for item in prepared.signals.items() if item[0].core_key == core_key
        ]
        if not signals:
            return
        cut = [cut_windows(signal, window) for _, signal in signals]
        encoded = encode_windows(
            backbone, np.concatenate(cut), device=self.device, batch_size=self.batch_size
        )
        ends = np.cumsum([len(windows) for windows in cut])
        for (key, signal), start, end in zip(signals, [0, *ends[:-1]], ends, strict=True):
            tokens = stitch(encoded[start:end], token_count(len(signal), window.hop), window)
            yield key, as_float16(tokens, backbone.spec.name)


def as_float16(tokens: np.ndarray, name: str) -> np.ndarray:
    """Tokens in the dtype of the store.

    Raises
    ------
    BackboneError
        When a number is not finite or beyond what float16 holds.
    """
    largest = float(np.abs(tokens).max(initial=0.0))
    if not largest <= LARGEST_FLOAT16:
        raise BackboneError(
            f"the backbone {name!r} gave numbers up to {largest:g}; the store holds finite ones up to "
            f"{LARGEST_FLOAT16:g}. Choose other layers"
        )
    return tokens.astype(np.float16)
