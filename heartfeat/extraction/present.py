"""What an existing store already holds, looked up by content."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from heartfeat.errors import StoreError
from heartfeat.extraction.facts import FACT_TYPES, Facts
from heartfeat.extraction.feature_sets import BlockKey, PlannedSet
from heartfeat.messages import differences
from heartfeat.replace import is_there
from heartfeat.signals.quality import QUALITY
from heartfeat.stores.blocks import Blocks, blocks_of
from heartfeat.stores.location import local_path, locate
from heartfeat.stores.present_rows import present_rows
from heartfeat.stores.schema import plain_json
from heartfeat.stores.store import Store, open_store


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A block in the present store.

    Attributes
    ----------
    blocks
        Of its feature set.
    view, recording
        Its places there.
    """

    blocks: Blocks
    view: int
    recording: int

    @property
    def rows(self) -> int:
        """Tokens."""
        return int(self.blocks.offsets[self.recording + 1] - self.blocks.offsets[self.recording])

    def read(self) -> tuple[np.ndarray, np.ndarray] | None:
        """``(rows, D)`` float16 tokens and ``(D x statistics,)`` float32 pooled tokens.

        Raises
        ------
        StoreError
            When the block is damaged, so that damage is never packed as if it were good.
        """
        return self.blocks.read(self.view, self.recording)


@dataclass(frozen=True)
class StoredSet:
    """A feature set of the present store.

    Attributes
    ----------
    blocks
        Its blocks.
    present
        ``(views, recordings)`` bool: which of them are there, with the files that hold them.
    """

    blocks: Blocks
    present: np.ndarray


def open_present(uri: str | Path) -> Store | None:
    """The store at ``uri``, or None where there is none.

    Raises
    ------
    StoreError
        When something else is there, or the store is damaged or remote.
    """
    path = local_path(locate(uri))
    return open_store(path) if is_there(path, StoreError) else None


def stored_facts(store: Store | None) -> dict[str, Facts]:
    """What the store remembers of each recording."""
    # A store that extraction did not write may lack these columns; its recordings are then looked at anew.
    if store is None or not {"recording", *FACT_TYPES} - set(QUALITY) <= set(store.recordings.columns):
        return {}
    return {row["recording"]: Facts.from_columns(row) for row in store.recordings.iter_rows(named=True)}


def stored_sets(store: Store | None) -> dict[str, StoredSet]:
    """The feature sets of a store by name."""
    names = store.feature_sets if store else ()
    sets = {name: blocks_of(store, name) for name in names if store}
    return {name: StoredSet(blocks, present_rows(blocks)) for name, blocks in sets.items()}


def stored_blocks(store: Store | None, sets: Mapping[str, StoredSet]) -> dict[BlockKey, StoredBlock]:
    """All blocks of a store by content, whatever the names of sets and recordings."""
    found: dict[BlockKey, StoredBlock] = {}
    if store is None or "pcm_digest" not in store.recordings.columns:
        return found
    digests = store.recordings["pcm_digest"].to_list()
    for one in sets.values():
        core_key = one.blocks.attrs["core_key"]
        for view, name in enumerate(one.blocks.views):
            for place in np.flatnonzero(one.present[view]).tolist():
                key = BlockKey(core_key, name, digests[place])
                found.setdefault(key, StoredBlock(one.blocks, view, place))
    return found


def keep_views(planned: PlannedSet, store: Store | None) -> PlannedSet:
    """A set with the views that the store holds of it as well, so that asking for fewer views loses none.

    Raises
    ------
    StoreError
        When the store's set of that name is of other settings; names every one that differs.
    """
    if store is None or planned.spec.name not in store.feature_sets:
        return planned
    features = store.features(planned.spec.name)
    if features.core_key != planned.core_key:
        name, core = planned.spec.name, plain_json(planned.core)
        raise StoreError(
            f"{store.uri} holds features {name!r} of other settings, and is left as it is: "
            f"{'; '.join(differences(features.attrs['core'], core))}. Give the backbone another name, or take "
            f"the stored features out first: heartfeat store rm-features {store.uri} {name}"
        )
    return replace(planned, views=tuple(dict.fromkeys((*features.views, *planned.views))))
