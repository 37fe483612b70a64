"""Take damaged features out of a store, so that extraction puts good ones in their place."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heartfeat.errors import StoreError
from heartfeat.messages import command, first_of
from heartfeat.progress import Progress
from heartfeat.stores.blocks import blocks_of
from heartfeat.stores.location import local_path, locate
from heartfeat.stores.sources import FeatureSetSource, KeptFeatureSet
from heartfeat.stores.store import Store, open_store
from heartfeat.stores.verification import Problem, Verification
from heartfeat.stores.verify import verify_store
from heartfeat.stores.write import write_store


@dataclass(frozen=True)
class Repair:
    """What was done.

    Attributes
    ----------
    verification
        The store as it was found.
    recordings
        By feature set, the recordings of which at least one view was taken out.
    dropped
        Feature sets that were dropped whole, and why.
    """

    verification: Verification
    recordings: dict[str, tuple[str, ...]]
    dropped: dict[str, str]

    @property
    def changed(self) -> bool:
        """Whether the store was written anew."""
        return self.verification.damaged


def repair_store(uri: str | Path, progress: Progress | None = None) -> Repair:
    """Write a store anew with its damaged blocks marked not done; a store without damage is left as it is.

    A feature set whose attributes or small arrays are damaged is dropped, the others are kept.

    Parameters
    ----------
    uri
        Local path of the store.
    progress
        Told of every recording and view verified, then of those written.

    Raises
    ------
    StoreError
        When damage is where no extraction can mend it (the tables, the root), or the disk refuses. The store is
        then as it was.
    """
    local_path(locate(uri))
    verification = verify_store(uri, progress)
    if not verification.damaged:
        return Repair(verification, {}, {})
    lasting = [problem for problem in verification.problems if problem.remedy == "restore"]
    if lasting:
        raise StoreError(_explain(verification.uri, lasting))
    dropped = {str(one.feature_set): one.problem for one in verification.problems if one.remedy == "drop"}
    with open_store(uri) as store:
        names = store.recordings["recording"].to_list()
        damage = _damage(store, verification.problems, dropped)
        sets = [
            _without(store, name, damage[name]) if name in damage else KeptFeatureSet(name)
            for name in store.feature_sets
            if name not in dropped
        ]
        write_store(uri, store.recordings, store.patients, sets, store.attrs, progress)
    taken_out = {name: tuple(names[place] for place in _places(bad)) for name, bad in damage.items()}
    return Repair(verification, taken_out, dropped)


def _damage(
    store: Store, problems: tuple[Problem, ...], dropped: dict[str, str]
) -> dict[str, list[tuple[int, int]]]:
    """View and recording numbers of the damaged blocks of each set that has to be written anew."""
    damage: dict[str, list[tuple[int, int]]] = {}
    for problem in problems:
        name = problem.feature_set
        if name is not None and name not in dropped:
            own = damage.setdefault(name, [])
            own += [problem.place] if problem.place is not None else []
    return damage


def _places(bad: list[tuple[int, int]]) -> list[int]:
    return sorted({recording for _, recording in bad})


def _without(store: Store, name: str, bad: list[tuple[int, int]]) -> FeatureSetSource:
    """A feature set, its damaged blocks left out."""
    blocks = blocks_of(store, name)
    good = blocks.done.copy()
    for place in bad:
        good[place] = False
    lengths = np.where(good.any(axis=0), np.diff(blocks.offsets), 0)

    def read(view: int, recording: int) -> tuple[np.ndarray, np.ndarray] | None:
        return blocks.read(view, recording) if good[view, recording] else None

    return FeatureSetSource(name, blocks.attrs, lengths, read)


def _explain(uri: str, lasting: list[Problem]) -> str:
    named = first_of([str(problem) for problem in lasting], between="; ")
    return (
        f"{uri} is damaged outside its features, where no extraction can mend it ({named}). It is left as "
        f"it is: restore it from a copy, or move it away and run {command('extract', '--store', uri)} again"
    )
