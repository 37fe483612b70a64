"""Pieces of fitting side by side, each in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from heartfeat.cores import end_idle_processes, end_with
from heartfeat.heads.head import Head
from heartfeat.heads.monitor import Callback
from heartfeat.heads.relay import Relay, relaying
from heartfeat.progress import Progress

Result = TypeVar("Result")

Work = Callable[[Progress, tuple[Callback, ...]], Result]
"""A piece of work that can be sent to another process; it is given what to report to and to call there."""


@runtime_checkable
class SeveralNetworks(Protocol):
    """A head of networks that know nothing of one another, trained as many at a time as `Compute` says.

    Attributes
    ----------
    uses_device
        True.
    networks
        How many this one, with its settings, trains.
    """

    uses_device: bool
    networks: int


def networks_of(head: Head) -> int:
    """How many networks of a head may be trained side by side."""
    if isinstance(head, SeveralNetworks) and head.uses_device and isinstance(head.networks, int):
        return max(1, head.networks)
    return 1


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
