"""Recordings decoded, filtered and cut ahead of the device."""

import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context, parent_process
from os import _exit
from typing import Any, ParamSpec, TypeVar

from heartfeat.backbones.backbone import BackboneSpec
from heartfeat.extraction.ledger import WorkSource
from heartfeat.extraction.prepare import Prepared, cut_views, look_at

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


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
    # Spawned: a fork would carry along the device's context and its locks.
    with ProcessPoolExecutor(decoders, get_context("spawn"), initializer=_live_with_parent) as processes:

        def elsewhere(
            function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
        ) -> Result:
            return processes.submit(function, *args, **kwargs).result()

        yield from _ahead(source, specs, decoders + 2, elsewhere)


def _here(function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    return function(*args, **kwargs)


def _ahead(
    source: WorkSource, specs: Mapping[str, BackboneSpec], threads: int, call: Callable[..., Any]
) -> Iterator[Prepared]:
    """Keep ``threads`` recordings in the making and a few ready."""
    asking = threading.Lock()
    targets = [spec.preprocessing for spec in specs.values()]

    def make() -> Prepared | None:
        with asking:
            unit = source.next_unit()
        if unit is None:
            return None
        started = time.perf_counter()
        facts, recording = call(look_at, unit, targets)
        with asking:
            keys = source.claim(facts)
        cuts = call(cut_views, recording, specs, keys) if keys else {}
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


def _live_with_parent() -> None:
    """Leave Ctrl-C to the main process, and end when the parent does, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        _exit(1)

    threading.Thread(target=watch, daemon=True).start()
