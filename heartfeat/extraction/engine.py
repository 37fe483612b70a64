"""Run an extraction on this machine: plan, workers, pack."""

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import polars as pl

from heartfeat.backbones.settings import BackboneSettings
from heartfeat.backbones.trained_on import familiar
from heartfeat.cohorts.cohort import Cohort
from heartfeat.cores import core_count
from heartfeat.errors import DeviceError, StoreError
from heartfeat.extraction.facts import AWAY, MISSING, OK, SKIPPED, Facts
from heartfeat.extraction.feature_sets import PlannedSet, plan_sets
from heartfeat.extraction.ledger import Desk, Done, Ledger, refuse
from heartfeat.extraction.pack import clear_staging, is_current, pack
from heartfeat.extraction.plan import Plan, make_plan, staging_folder
from heartfeat.extraction.precision import settle_precision
from heartfeat.extraction.process import Job
from heartfeat.extraction.speed import Speedometer
from heartfeat.extraction.staging import alone
from heartfeat.extraction.summary import ExtractionSummary, SharedAudio
from heartfeat.messages import first_of
from heartfeat.progress import DetailedProgress
from heartfeat.replace import sweep
from heartfeat.stores.location import local_path, locate

Devices = Sequence[str] | Callable[[], Sequence[str]]

FEWEST_UNITS = 4
"""Recordings that make it worth while to start one more worker."""


def run_extraction(
    cohort: Cohort,
    store_uri: str | Path,
    backbones: Sequence[BackboneSettings],
    views: Sequence[str],
    *,
    devices: Devices = ("cpu",),
    cluster: str | None = None,
    batch_size: int | None = None,
    strict: bool = False,
    drop_missing: bool = False,
    progress: DetailedProgress | None = None,
) -> ExtractionSummary:
    """Run frozen backbones over a cohort's recordings, into a store.

    Only what is missing is done: an interrupted run goes on where it stopped, with any number of workers.
    Recordings that cannot be used are skipped and counted. Feature sets that are not asked for stay as they
    are. What is stored leaves the store only when that is asked for: a stored recording whose file cannot be
    reached keeps its features, and a cohort that lacks stored recordings is refused.

    Parameters
    ----------
    cohort
        Recordings and patients.
    store_uri
        Local path of the store, ending in ``.zarr``, ``.h5`` or ``.hdf5``.
    backbones
        Settings of the feature sets to fill.
    views
        Names of views, ``"clean"`` first (see :func:`heartfeat.views.resolve_views`).
    devices
        One entry per worker (see :func:`heartfeat.extraction.devices.choose_devices`), or a function that gives
        them and is asked only when there is work. A single worker on the CPU runs in this process, all others in
        spawned processes of their own.
    cluster
        Address of a Ray cluster to work on in place of ``devices``, such as ``"auto"``; its machines must see the
        recordings and the store's folder under the same paths.
    batch_size
        Windows per forward pass; None for the device's default.
    strict
        End at the first recording that cannot be used.
    drop_missing
        Let go of stored recordings that the cohort lacks or that have no file any more.
    progress
        Told how far the run is.

    Raises
    ------
    RecordingError
        With ``strict``, for a recording that cannot be used.
    BackboneError, ConfigError, DeviceError, StoreError
        When settings, weights or store do not allow the run, the cohort lacks stored recordings, or another process
        is extracting into that store.
    ExtractionError
        When all workers have died. In every case the old store is untouched and finished work stays in staging.
    """
    started = time.perf_counter()
    chosen = cache(lambda: _devices(devices))
    backbones = settle_precision(backbones, store_uri, chosen)
    sets = plan_sets(backbones, views)
    with alone(staging_folder(store_uri)):
        plan = make_plan(cohort, store_uri, sets)
        _check_same_cohort(cohort, plan, drop_missing)
        ledger = Ledger(plan.sets, plan.blocks, deque(plan.units), strict, dict(plan.facts))
        for facts in plan.facts.values() if strict else ():
            refuse(facts, plan.sets)
        if plan.units:
            settings = {settings.name: settings for settings in backbones}
            by_key = {planned.core_key: settings[planned.spec.name] for planned in plan.sets}
            job = Job("", by_key, plan.staging, "cpu", batch_size, core_count())
            if progress is not None:
                ledger.on_report = Speedometer(ledger, plan.units, progress)
                ledger.on_report()
            _work(job, ledger, chosen, cluster)
        missing = _kept_anyway(plan, ledger, drop_missing)
        written = _finish(cohort, plan, ledger, missing, store_uri, progress)
    ledger.notes += _familiar(plan.sets, cohort)
    return _summarise(cohort, ledger, missing, str(store_uri), time.perf_counter() - started, written)


def _familiar(sets: Sequence[PlannedSet], cohort: Cohort) -> list[str]:
    """Whom of the cohort the backbones have met in their own training."""
    persons = dict(cohort.patients.select("patient", "person").iter_rows())
    trainings = {planned.spec.name: planned.spec.trained_on for planned in sets}
    so = "heads that are tested on them look better than they are"
    return familiar(trainings, cohort.name, persons, f"patients of {cohort.name}", so)


def _check_same_cohort(cohort: Cohort, plan: Plan, drop_missing: bool) -> None:
    """Refuse to empty a store because the files are elsewhere, or to replace it by another cohort's."""
    store = plan.store
    if store is None:
        return
    if not set(store.recordings["recording"]) & set(cohort.recordings["recording"]):
        raise StoreError(
            f"{store.uri} holds the cohort {store.attrs.get('cohort')!r}, which shares no recording with "
            f"{cohort.name!r}; name another store, or delete that one first"
        )
    if not any(Path(path).exists() for path in cohort.recordings["path"]):
        raise StoreError(
            f"none of the {cohort.recordings.height} files of the cohort is there, so {store.uri} is left as it is; "
            "check data.path"
        )
    gone = sorted(set(plan.held) - set(cohort.recordings["recording"]))
    if gone and not drop_missing:
        raise StoreError(
            f"{store.uri} holds {len(gone):,} recordings that the cohort {cohort.name!r} does not have "
            f"({first_of(gone)}), and is left as it is; check data.path, or let "
            "them go with --drop-missing"
        )


def _kept_anyway(plan: Plan, ledger: Ledger, drop_missing: bool) -> dict[str, str]:
    """Why stored recordings cannot be reached now; the ledger then says of them what the store knows."""
    reasons = [reason for reason in AWAY if not (drop_missing and reason == MISSING)]
    seen = ledger.facts.items()
    missing = {name: facts.reason for name, facts in seen if facts.reason in reasons and name in plan.held}
    ledger.facts.update({name: plan.held[name] for name in missing})
    return missing


def _devices(devices: Devices) -> Sequence[str]:
    chosen = devices() if callable(devices) else devices
    if not chosen:
        raise DeviceError("there is no device to work on; give at least one, such as 'cpu'")
    return chosen


def _work(job: Job, ledger: Ledger, devices: Callable[[], Sequence[str]], cluster: str | None) -> None:
    """Let workers like ``job`` go through the ledger's units."""
    if cluster is not None:
        from heartfeat.extraction.cluster import run_on_cluster

        run_on_cluster(cluster, job, ledger)
        return
    chosen = devices()[: max(1, len(ledger.units) // FEWEST_UNITS)]
    if list(chosen) == ["cpu"]:
        replace(job, name="cpu").run(Desk(ledger, "cpu"))
        return
    from heartfeat.extraction.crew import run_crew

    cores = max(1, core_count() // len(chosen))
    names = [device if ":" in device else f"{device}:{number}" for number, device in enumerate(chosen)]
    run_crew(
        [replace(job, name=n, device=device, cores=cores) for n, device in zip(names, chosen, strict=True)],
        ledger,
    )


def _finish(
    cohort: Cohort,
    plan: Plan,
    ledger: Ledger,
    missing: Collection[str],
    uri: str | Path,
    progress: DetailedProgress | None,
) -> bool:
    """Pack, unless the store is already what it should be; whether anything was written."""
    started = time.perf_counter()
    current = is_current(cohort, plan, ledger.facts, missing)
    if not current:
        pack(cohort, plan, ledger.facts, missing, uri, progress)
        ledger.done["pack"] = Done(write=time.perf_counter() - started)
    else:
        # A run that was killed right after its last rename leaves the old store's files.
        sweep(local_path(locate(uri)))
    ledger.notes += clear_staging(plan, ledger.facts.values())
    return not current


def _summarise(
    cohort: Cohort, ledger: Ledger, missing: Mapping[str, str], store: str, seconds: float, written: bool
) -> ExtractionSummary:
    order = cohort.recordings["recording"].to_list()
    skipped = {
        name: ledger.facts[name].reason or "" for name in order if ledger.facts[name].status == SKIPPED
    }
    usable = [facts for name in order if (facts := ledger.facts[name]).status == OK and name not in missing]
    unfit = {
        planned.spec.name: tuple(facts.recording for facts in usable if not planned.fits(facts))
        for planned in ledger.sets
    }
    held = sum(any(planned.fits(facts) for planned in ledger.sets) for facts in usable)
    done = ledger.total
    spent = {"decode": done.decode, "encode": done.encode, "write": done.write}
    total = sum(spent.values())
    return ExtractionSummary(
        store=store,
        recordings=len(order),
        encoded=done.encoded,
        reused=held - done.encoded,
        skipped=skipped,
        details={name: ledger.facts[name].detail for name in skipped if ledger.facts[name].detail},
        missing=missing,
        unfit={name: recordings for name, recordings in unfit.items() if recordings},
        shared_audio=_shared(cohort.recordings, ledger.facts),
        shares={name: share / total for name, share in spent.items()} if written and total else {},
        of_forward_pass=_of_forward_pass(ledger.done.values()),
        notes=tuple(ledger.notes),
        audio_seconds=done.audio_seconds,
        wall_seconds=seconds,
        nothing_to_do=not written,
    )


def _of_forward_pass(workers: Iterable[Done]) -> float | None:
    """Speed of the workers as a share of that of the forward passes alone; None where nothing was encoded."""
    finished = [done for done in workers if done.worked]
    worked = sum(done.worked for done in finished)
    return sum(done.encode for done in finished) / worked if worked else None


def _shared(recordings: pl.DataFrame, facts: Mapping[str, Facts]) -> tuple[SharedAudio, ...]:
    """Each recording whose audio was met before, with the first one that has it."""
    first: dict[str, tuple[str, str]] = {}
    pairs = []
    for recording, patient in recordings.select("recording", "patient").rows():
        digest = facts[recording].pcm_digest
        if digest is None:
            continue
        before = first.setdefault(digest, (recording, patient))
        if before[0] != recording:
            pairs.append(SharedAudio((before[0], recording), (before[1], patient)))
    return tuple(pairs)
