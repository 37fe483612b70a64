"""Take feature sets out of a store."""

from collections.abc import Sequence
from pathlib import Path

from heartfeat.progress import Progress
from heartfeat.stores.location import local_path, locate
from heartfeat.stores.schema import unknown
from heartfeat.stores.sources import KeptFeatureSet
from heartfeat.stores.store import open_store
from heartfeat.stores.write import write_store


def remove_features(uri: str | Path, names: Sequence[str], progress: Progress | None = None) -> None:
    """Write a store anew without some of its feature sets; the others are taken over as they are.

    Raises
    ------
    StoreError
        When the store has no such set (the nearest is named), or the disk refuses. The store is then as it was.
    """
    local_path(locate(uri))
    with open_store(uri) as store:
        for name in names:
            if name not in store.feature_sets:
                raise unknown("feature set", name, store.feature_sets, store.uri)
        kept = [KeptFeatureSet(name) for name in store.feature_sets if name not in names]
        write_store(uri, store.recordings, store.patients, kept, store.attrs, progress)
