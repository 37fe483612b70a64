"""Where the rows of a feature set come from when a store is written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from heartfeat.stores.blocks import blocks_of
from heartfeat.stores.store import Store

Read = Callable[[int, int], tuple[np.ndarray, np.ndarray] | None]


@dataclass(frozen=True)
class FeatureSetSource:
    """A feature set to be written.

    Attributes
    ----------
    name
        Of the set.
    attrs
        ``core``, ``core_key``, ``views``, ``dim``, ``statistics``, ``token_rate`` (Hz or None), and more at
        will.
    lengths
        ``(recordings,)`` int64 token rows of each recording, 0 for one without features.
    read
        ``read(view, recording)`` gives ``(rows, D)`` float16 and ``(D x statistics,)`` float32, or None where
        the recording has no features under the view. Called view after view, in recording order.
    """

    name: str
    attrs: dict[str, Any]
    lengths: np.ndarray
    read: Read


@dataclass(frozen=True)
class KeptFeatureSet:
    """A feature set to be taken over from the store that is being replaced.

    A recording keeps its rows while its id and PCM digest stay; one that changed or is new has none.
    """

    name: str


def carried_over(store: Store, name: str, recordings: pl.DataFrame) -> FeatureSetSource:
    """The rows of a present feature set, re-indexed for another table of recordings.

    Reading a block that is damaged raises StoreError, so that damage is never taken over as if it were good.
    """
    blocks = blocks_of(store, name)
    present = {identity: place for place, identity in enumerate(identities(store.recordings))}
    places = [present.get(identity) for identity in identities(recordings)]
    lengths = np.diff(blocks.offsets)

    def read(view: int, recording: int) -> tuple[np.ndarray, np.ndarray] | None:
        place = places[recording]
        return None if place is None else blocks.read(view, place)

    kept = np.array([0 if place is None else lengths[place] for place in places], np.int64)
    return FeatureSetSource(name, blocks.attrs, kept, read)


def identities(recordings: pl.DataFrame) -> list[tuple[Any, ...]]:
    """What makes a recording the same one: its id and, where it is known, its audio."""
    return recordings.select(
        column for column in ("recording", "pcm_digest") if column in recordings.columns
    ).rows()
