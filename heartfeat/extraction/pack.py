"""From facts and blocks to the final store, written beside and renamed."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from heartfeat.cohorts.cohort import Cohort
from heartfeat.errors import StoreError
from heartfeat.extraction.facts import FACT_TYPES, Facts
from heartfeat.extraction.feature_sets import BlockKey, PlannedSet
from heartfeat.extraction.plan import Block, Plan
from heartfeat.extraction.staging import read_staging, remove_shards
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


def is_current(cohort: Cohort, plan: Plan, recordings: pl.DataFrame) -> bool:
    """Whether the present store is already what a run would write."""
    store = plan.store
    return (
        store is not None
        and store.attrs.get("cohort_digest") == cohort.digest()
        and recordings.equals(store.recordings)
        and cohort.patients.equals(store.patients)
        and all(_is_kept(planned, plan, recordings) for planned in plan.sets)
    )


def pack(
    cohort: Cohort,
    plan: Plan,
    recordings: pl.DataFrame,
    uri: str | Path,
    progress: Progress | None,
) -> None:
    """Write the store from the plan's present blocks and all of staging.

    Raises
    ------
    StoreError
        When a block is damaged or the disk refuses; the old store and staging stay.
    """
    staged = read_staging(plan.staging)
    blocks: dict[BlockKey, Block] = {**plan.blocks, **staged.blocks}
    asked = {planned.spec.name: _source(planned, plan, recordings, blocks) for planned in plan.sets}
    names = dict.fromkeys((*(plan.store.feature_sets if plan.store else ()), *asked))
    feature_sets = [asked.get(name) or KeptFeatureSet(name) for name in names]
    attrs = {"cohort": cohort.name, "cohort_digest": cohort.digest()}
    write_store(uri, recordings, cohort.patients, feature_sets, attrs, progress)


def clear_staging(plan: Plan) -> None:
    """Delete shards whose blocks the store now holds; those of other feature sets stay for a later run."""
    staged = read_staging(plan.staging)
    packed = {planned.core_key for planned in plan.sets}
    cores: dict[Path, set[str]] = {shard: set() for shard in staged.shards}
    for key, block in staged.blocks.items():
        cores[block.shard].add(key.core_key)
    remove_shards(plan.staging, [shard for shard, keys in cores.items() if keys <= packed])


def _source(
    planned: PlannedSet, plan: Plan, recordings: pl.DataFrame, blocks: Mapping[BlockKey, Block]
) -> FeatureSetSource | KeptFeatureSet:
    if _is_kept(planned, plan, recordings):
        return KeptFeatureSet(planned.spec.name)
    digests = recordings["pcm_digest"].to_list()

    def block(view: int, recording: int) -> Block | None:
        digest = digests[recording]
        if digest is None:
            return None
        key = BlockKey(planned.core_key, planned.views[view], digest)
        if key not in blocks:
            raise StoreError(
                f"staged features of recording {recordings['recording'][recording]!r} have vanished; let no "
                "two runs fill one store at once, and run the same command again"
            )
        return blocks[key]

    def read(view: int, recording: int) -> tuple[np.ndarray, np.ndarray] | None:
        found = block(view, recording)
        return None if found is None else found.read()

    clean = [block(0, recording) for recording in range(len(digests))]
    lengths = np.array([0 if found is None else found.rows for found in clean], dtype=np.int64)
    return FeatureSetSource(planned.spec.name, planned.attrs(), lengths, read)


def _is_kept(planned: PlannedSet, plan: Plan, recordings: pl.DataFrame) -> bool:
    """Whether the store's set of this name already holds just these recordings and views."""
    store, name = plan.store, planned.spec.name
    if store is None or name not in store.feature_sets:
        return False
    if identities(store.recordings) != identities(recordings):
        return False
    features = store.features(name)
    usable = recordings["pcm_digest"].is_not_null().to_numpy()
    same = features.core_key == planned.core_key and features.views == planned.views
    # A store of a release that did not know of it is told whom the backbone has met, without encoding anew.
    same = same and features.attrs.get("trained_on") == planned.attrs().get("trained_on")
    return same and bool((plan.stored[name].present == usable).all())
