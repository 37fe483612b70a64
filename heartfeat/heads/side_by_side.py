"""Pieces of fitting side by side, each in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

from heartfeat.cores import end_idle_processes, end_with
from heartfeat.heads.monitor import Callback, Progress
from heartfeat.heads.relay import Relay, relaying

Result = TypeVar("Result")

Work = Callable[[Progress, tuple[Callback, ...]], Result]
"""A piece of work that can be sent to another process; it is given what to report to and to call there."""


def side_by_side(
    works: Sequence[Work[Result]], jobs: int, progress: Progress, callbacks: tuple[Callback, ...] = ()
) -> list[Result]:
    """What every piece of ``works`` gives, ``jobs`` of them done at a time.

    Large arrays in them are in memory once and shared, read only. ``progress`` and ``callbacks`` are called here, one
    message at a time; what is raised there is raised here.
    """
    from joblib import Parallel, delayed

    with relaying(progress, callbacks) as relay:
        calls = [delayed(_elsewhere)(os.getpid(), work, relay, bool(callbacks)) for work in works]
        # loky starts its processes anew: polars, CUDA and HDF5 do not survive a fork.
        workers = min(jobs, max(1, len(works)))
        done = list(Parallel(n_jobs=workers, backend="loky", batch_size=1, mmap_mode="r")(calls))
    end_idle_processes()
    return done


def _elsewhere(program: int, work: Work[Result], relay: Relay, callbacks: bool) -> Result:
    end_with(program)
    with relay.connected() as (progress, callback):
        return work(progress, (callback,) if callbacks else ())
