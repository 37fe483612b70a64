"""Join stores of different patients."""

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heartfeat.errors import StoreError
from heartfeat.progress import Progress
from heartfeat.replace import is_there
from heartfeat.stores.blocks import Blocks
from heartfeat.stores.container import Container, open_container
from heartfeat.stores.location import local_path, locate
from heartfeat.stores.merge_checks import check_disjoint, common_sets
from heartfeat.stores.merge_tables import merge_tables
from heartfeat.stores.sources import FeatureSetSource
from heartfeat.stores.store import Store, open_store
from heartfeat.stores.write import write_store


@dataclass(frozen=True)
class Merge:
    """What a merge made.

    Attributes
    ----------
    target
        The new store.
    patients, recordings
        How many it has.
    features
        Its feature sets.
    left_out
        By source, the feature sets that were not merged.
    """

    target: str
    patients: int
    recordings: int
    features: tuple[str, ...]
    left_out: dict[str, tuple[str, ...]]


def merge_stores(
    target: str | Path,
    sources: Sequence[str | Path],
    features: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Merge:
    """Write a new store with the patients of all sources, in their order.

    Every block is checked as it is copied; memory does not grow with the feature sets.

    Parameters
    ----------
    target
        Local path, where nothing is yet.
    sources
        Two stores or more, local or remote.
    features
        Feature sets to merge; None for those that every source has.
    progress
        Told of every recording and view written.

    Raises
    ------
    StoreError
        When sources share a person, patient, recording or audio, a feature set is not the same in all, a column
        has two types, a source is damaged, or something is at the target. Then there is no target.
    """
    path = local_path(locate(target))
    if is_there(path, StoreError):
        raise StoreError(f"{target} is there already; a merge makes a new store: name another place")
    if len(sources) < 2:
        raise StoreError("a merge needs two stores or more")
    with ExitStack() as stack:
        stores = [stack.enter_context(open_store(source)) for source in sources]
        check_disjoint(stores)
        names = common_sets(stores, features)
        uris = [store.uri for store in stores]
        recordings = merge_tables("recordings", [store.recordings for store in stores], uris)
        patients = merge_tables("patients", [store.patients for store in stores], uris)
        containers = [open_container(locate(source)) for source in sources]
        sets = (_joined(name, stores, containers) for name in names)
        write_store(target, recordings, patients, sets, _attrs(stores), progress)
        left_out = {
            store.uri: tuple(name for name in store.feature_sets if name not in names) for store in stores
        }
    return Merge(str(target), patients.height, recordings.height, tuple(names), left_out)


def _joined(name: str, stores: Sequence[Store], containers: Sequence[Container]) -> FeatureSetSource:
    parts = [
        Blocks(container, name, store.recordings["recording"].to_list())
        for store, container in zip(stores, containers, strict=True)
    ]
    starts = np.cumsum([0, *(store.recordings.height for store in stores)])

    def read(view: int, recording: int) -> tuple[np.ndarray, np.ndarray] | None:
        part = int(np.searchsorted(starts, recording, "right")) - 1
        return parts[part].read(view, recording - int(starts[part]))

    lengths = np.concatenate([np.diff(part.offsets) for part in parts])
    return FeatureSetSource(name, parts[0].attrs, lengths, read)


def _attrs(stores: Sequence[Store]) -> dict[str, str]:
    """The joined names, and a digest of the sources' digests."""
    digests = "\n".join(str(store.attrs.get("cohort_digest")) for store in stores)
    return {
        "cohort": " + ".join(str(store.attrs.get("cohort")) for store in stores),
        "cohort_digest": hashlib.sha256(digests.encode()).hexdigest(),
    }
