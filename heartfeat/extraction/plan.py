"""What is there, what is asked for, and so what is left to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from heartfeat.cohorts.cohort import Cohort
from heartfeat.extraction.facts import OK, SKIPPED, Facts, mark_file
from heartfeat.extraction.feature_sets import BlockKey, PlannedSet
from heartfeat.extraction.ledger import Unit
from heartfeat.extraction.prepare import refused
from heartfeat.extraction.present import (
    StoredBlock,
    StoredSet,
    keep_views,
    open_present,
    stored_blocks,
    stored_facts,
    stored_sets,
)
from heartfeat.extraction.staging import Staged, StagedBlock, read_staging
from heartfeat.stores.location import local_path, locate
from heartfeat.stores.store import Store

Block = StoredBlock | StagedBlock


@dataclass(frozen=True)
class Plan:
    """Everything that a run starts from.

    Attributes
    ----------
    store
        The present store, or None.
    stored
        The store's feature sets by name.
    held
        What the store knows of its usable recordings.
    staging, staged
        Staging folder and what counts in it.
    sets
        Feature sets to fill, with all views that the store will hold.
    facts
        Recordings whose file is as it was when it was last decoded, and those that cannot be used now.
    blocks
        All blocks that are there, in the store or whole in staging.
    units
        Recordings to decode, the largest first.
    """

    store: Store | None
    stored: Mapping[str, StoredSet]
    held: Mapping[str, Facts]
    staging: Path
    staged: Staged
    sets: tuple[PlannedSet, ...]
    facts: dict[str, Facts]
    blocks: Mapping[BlockKey, Block]
    units: tuple[Unit, ...]


def make_plan(cohort: Cohort, uri: str | Path, sets: Sequence[PlannedSet]) -> Plan:
    """Compare a cohort with the store and staging at ``uri``.

    A recording is decoded when its file was never read, has changed, or blocks of it are missing; it is
    encoded only where its content is new. One that could not be used is tried again each time, for what was
    wrong may lie outside its file.

    Raises
    ------
    StoreError
        When what is at ``uri`` is no store, is damaged, or holds a set of one of these names and other settings.
    """
    store = open_present(uri)
    staging = staging_folder(uri)
    staged = read_staging(staging)
    sets = tuple(keep_views(planned, store) for planned in sets)
    stored = stored_sets(store)
    blocks = _present_blocks(stored_blocks(store, stored), staged, sets)
    present = stored_facts(store)
    remembered: dict[str, list[Facts]] = {name: [seen] for name, seen in present.items() if seen.whole}
    for seen in staged.facts:
        remembered.setdefault(seen.recording, []).append(seen)
    known: dict[str, Facts] = {}
    work: list[Unit] = []
    for recording, path in cohort.recordings.select("recording", "path").rows():
        mark = mark_file(path)
        unit = Unit(recording, Path(path), mark.size or 0)
        unchanged = [facts for facts in remembered.get(recording, ()) if facts.mark == mark]
        facts = unchanged[-1] if unchanged else None
        if mark.size is None or (facts is not None and facts.status == SKIPPED):
            facts = refused(unit)
        if facts is not None:
            known[recording] = facts
        if facts is None or not _complete(facts, sets, blocks):
            work.append(unit)
    work.sort(key=lambda unit: -unit.size)
    held = {name: seen for name, seen in present.items() if seen.status == OK}
    return Plan(store, stored, held, staging, staged, sets, known, blocks, tuple(work))


def staging_folder(uri: str | Path) -> Path:
    """Where workers put blocks for the store at ``uri``."""
    path = local_path(locate(uri))
    return path.with_name(f"{path.name}.staging")


def _present_blocks(
    stored: Mapping[BlockKey, StoredBlock], staged: Staged, sets: Sequence[PlannedSet]
) -> dict[BlockKey, Block]:
    """The store's blocks, and those of ``sets`` in staging that the store lacks and that are as they were written."""
    asked = {(planned.core_key, view) for planned in sets for view in planned.views}
    left = {key: block for key, block in staged.blocks.items() if key not in stored}
    whole = {
        key: block for key, block in left.items() if (key.core_key, key.view) in asked and block.is_whole()
    }
    return {**whole, **stored}


def _complete(facts: Facts, sets: Sequence[PlannedSet], blocks: Mapping[BlockKey, Block]) -> bool:
    return all(key in blocks for planned in sets for key in planned.blocks(facts))
