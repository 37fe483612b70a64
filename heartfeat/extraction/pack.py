"""From facts and blocks to the final store, written beside and renamed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from heartfeat.cohorts.cohort import Cohort
from heartfeat.errors import StoreError
from heartfeat.extraction.facts import FACT_TYPES, Facts
from heartfeat.extraction.feature_sets import BlockKey, PlannedSet
from heartfeat.extraction.plan import Block, Plan
from heartfeat.extraction.staging import BLOCKS, read_staging, remove_shards
from heartfeat.progress import Progress
from heartfeat.stores.sources import FeatureSetSource, KeptFeatureSet, identities
from heartfeat.stores.write import write_store

LOCATIONS = ("path", "annotation")
"""Columns of a cohort that say where files are; a store has no use for them."""


def recordings_table(cohort: Cohort, facts: Mapping[str, Facts]) -> pl.DataFrame:
    """The store's recordings table: the cohort's, without file locations, and what was seen of every file."""
    table = cohort.recordings.drop(*LOCATIONS, *FACT_TYPES, strict=False)
    rows = [facts[recording].columns() for recording in table["recording"]]
    return table.hstack(pl.DataFrame(rows, schema=FACT_TYPES).get_columns())


def is_current(cohort: Cohort, plan: Plan, facts: Mapping[str, Facts], missing: Collection[str]) -> bool:
    """Whether the present store is already what a run would write."""
    store, recordings = plan.store, recordings_table(cohort, facts)
    return (
        store is not None
        and store.attrs.get("cohort_digest") == cohort.digest()
        and recordings.equals(store.recordings)
        and cohort.patients.equals(store.patients)
        and all(_is_kept(planned, plan, recordings, facts, missing) for planned in plan.sets)
    )


def pack(
    cohort: Cohort,
    plan: Plan,
    facts: Mapping[str, Facts],
    missing: Collection[str],
    uri: str | Path,
    progress: Progress | None,
) -> None:
    """Write the store from the plan's present blocks and all of staging; of ``missing`` recordings what there is.

    Raises
    ------
    StoreError
        When a block is damaged or the disk refuses; the old store and staging stay.
    """
    recordings = recordings_table(cohort, facts)
    staged = read_staging(plan.staging)
    blocks: dict[BlockKey, Block] = {**staged.blocks, **plan.blocks}
    asked = {
        planned.spec.name: KeptFeatureSet(planned.spec.name)
        if _is_kept(planned, plan, recordings, facts, missing)
        else _source(planned, [facts[name] for name in recordings["recording"]], missing, blocks)
        for planned in plan.sets
    }
    names = dict.fromkeys((*(plan.store.feature_sets if plan.store else ()), *asked))
    feature_sets = [asked.get(name) or KeptFeatureSet(name) for name in names]
    attrs = {"cohort": cohort.name, "cohort_digest": cohort.digest()}
    write_store(uri, recordings, cohort.patients, feature_sets, attrs, progress)


def clear_staging(plan: Plan, facts: Iterable[Facts]) -> list[str]:
    """Delete shards whose blocks the store now holds, all of them; a line on others, which stay for a later run."""
    staged = read_staging(plan.staging)
    packed = {key for one in facts for planned in plan.sets for key in planned.blocks(one)}
    waiting = {block.shard for key, block in staged.blocks.items() if key not in packed}
    remove_shards(plan.staging, [shard for shard in staged.shards if shard not in waiting])
    if not waiting:
        return []
    size = sum((shard / BLOCKS).stat().st_size for shard in waiting)
    return [
        f"{plan.staging} keeps {size / 1e6:,.1f} MB of unfinished work with other settings or views; extract with "
        "those to use it, or delete that folder"
    ]


def _source(
    planned: PlannedSet,
    facts: Sequence[Facts],
    missing: Collection[str],
    blocks: Mapping[BlockKey, Block],
) -> FeatureSetSource:
    found: list[list[Block | None]] = []
    for one in facts:
        found.append([blocks.get(key) for key in planned.blocks(one)])
        if None in found[-1] and one.recording not in missing:
            raise StoreError(
                f"staged features of recording {one.recording!r} have vanished; let no two runs fill one store "
                "at once, and run the same command again"
            )

    def read(view: int, recording: int) -> tuple[np.ndarray, np.ndarray] | None:
        block = found[recording][view] if found[recording] else None
        return None if block is None else block.read()

    rows = (next((block.rows for block in own if block is not None), 0) for own in found)
    lengths = np.fromiter(rows, np.int64, len(found))
    return FeatureSetSource(planned.spec.name, planned.attrs(), lengths, read)


def _is_kept(
    planned: PlannedSet,
    plan: Plan,
    recordings: pl.DataFrame,
    facts: Mapping[str, Facts],
    missing: Collection[str],
) -> bool:
    """Whether the store's set of this name already holds just these recordings and views."""
    store, name = plan.store, planned.spec.name
    if store is None or name not in store.feature_sets:
        return False
    if identities(store.recordings) != identities(recordings):
        return False
    features = store.features(name)
    keys = {name: planned.blocks(facts[name]) for name in recordings["recording"]}
    # Of a recording that cannot be reached, what there is will do.
    wanted = [
        [name not in missing or key in plan.blocks for key in own] or [False] * len(planned.views)
        for name, own in keys.items()
    ]
    # A store of a release that did not know of it is told whom the backbone has met, without encoding anew.
    same = features.attrs.get("trained_on") == planned.attrs().get("trained_on")
    return (
        same
        and features.views == planned.views
        and bool((plan.stored[name].present == np.array(wanted).T).all())
    )
