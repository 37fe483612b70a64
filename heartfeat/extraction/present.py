"""What an existing store already holds, looked up by content."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from heartfeat.extraction.facts import FACT_TYPES, Facts
from heartfeat.extraction.feature_sets import BlockKey, PlannedSet
from heartfeat.stores.location import local_path, locate
from heartfeat.stores.replace import recover
from heartfeat.stores.store import Store, open_store


@dataclass(frozen=True)
class StoredBlock:
    """A block in the present store.

    Attributes
    ----------
    store
        The store.
    features, recording
        Names of the feature set and of the recording whose rows these are.
    view
        Name of the view.
    rows
        Tokens.
    """

    store: Store
    features: str
    recording: str
    view: str
    rows: int

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """``(rows, D)`` float16 tokens and ``(D x statistics,)`` float32 pooled tokens."""
        features = self.store.features(self.features)
        return features.tokens(self.view, self.recording), features.pooled(self.view, self.recording)


def open_present(uri: str | Path) -> Store | None:
    """The store at ``uri``, or None where there is none.

    Raises
    ------
    StoreError
        When something else is there, or the store is damaged or remote.
    """
    path = local_path(locate(uri))
    recover(path)
    return open_store(path) if path.exists() else None


def stored_facts(store: Store | None) -> dict[str, Facts]:
    """What the store remembers of each recording."""
    # A store of another release may lack a column; its recordings are then looked at again.
    if store is None or not {"recording", *FACT_TYPES} <= set(store.recordings.columns):
        return {}
    return {row["recording"]: Facts.from_columns(row) for row in store.recordings.iter_rows(named=True)}


def stored_blocks(store: Store | None) -> dict[BlockKey, StoredBlock]:
    """All blocks of a store by content, whatever the names of sets and recordings."""
    blocks: dict[BlockKey, StoredBlock] = {}
    if store is None or "pcm_digest" not in store.recordings.columns:
        return blocks
    recordings = store.recordings.select("recording", "pcm_digest").rows()
    for name in store.feature_sets:
        features = store.features(name)
        lengths = np.diff(features.offsets).tolist()
        for view, done in zip(features.views, features.done.tolist(), strict=True):
            for (recording, digest), rows, present in zip(recordings, lengths, done, strict=True):
                if present:
                    key = BlockKey(features.core_key, view, digest)
                    blocks.setdefault(key, StoredBlock(store, name, recording, view, rows))
    return blocks


def keep_views(planned: PlannedSet, store: Store | None) -> PlannedSet:
    """A set with the views that the store holds of it as well, so that asking for fewer views loses none."""
    if store is None or planned.spec.name not in store.feature_sets:
        return planned
    features = store.features(planned.spec.name)
    if features.core_key != planned.core_key:
        return planned
    return replace(planned, views=tuple(dict.fromkeys((*features.views, *planned.views))))
