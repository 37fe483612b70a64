"""Recordings decoded, filtered and cut ahead of the device."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from heartfeat.backbones.backbone import BackboneSpec
from heartfeat.extraction.decoders import Decoders
from heartfeat.extraction.ledger import WorkSource
from heartfeat.extraction.prepare import Prepared, cut_views, look_at


def prefetch(source: WorkSource, specs: Mapping[str, BackboneSpec], decoders: int) -> Iterator[Prepared]:
    """Prepared recordings in the order in which they were handed out, a few of them ahead.

    Parameters
    ----------
    source
        Hands out work.
    specs
        Backbones by core key.
    decoders
        Processes that decode and filter, for a device that would wait for one thread; 0 for a thread.
    """
    if decoders == 0:
        yield from _ahead(source, specs, 1, _here)
        return
    with Decoders(decoders) as processes:
        yield from _ahead(source, specs, decoders + 2, processes.call)


def _here(function: Callable[..., Any], *args: Any) -> Any:  # noqa: ANN401 - whatever it takes and gives
    return function(*args)


def _ahead(
    source: WorkSource, specs: Mapping[str, BackboneSpec], threads: int, call: Callable[..., Any]
) -> Iterator[Prepared]:
    """Keep ``threads`` recordings in the making and a few ready."""
    asking = threading.Lock()

    def make() -> Prepared | None:
        with asking:
            unit = source.next_unit()
        if unit is None:
            return None
        started = time.perf_counter()
        facts, heard = call(look_at, unit)
        with asking:
            keys = source.claim(facts)
        cuts = call(cut_views, heard, specs, keys) if keys else {}
        return Prepared(facts, cuts, time.perf_counter() - started)

    waiting: deque[Future[Prepared | None]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            waiting.extend(pool.submit(make) for _ in range(threads + 1))
            while (prepared := waiting.popleft().result()) is not None:
                waiting.append(pool.submit(make))
                yield prepared
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
