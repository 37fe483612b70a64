"""A feature set's blocks (one recording under one view), each checked as it is read."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from heartfeat.errors import StoreError, UnreadableError
from heartfeat.messages import command
from heartfeat.stores.checksums import block_checksum
from heartfeat.stores.container import Container, open_container
from heartfeat.stores.finite import is_finite
from heartfeat.stores.index import check_offsets
from heartfeat.stores.location import locate
from heartfeat.stores.schema import check_feature_attrs
from heartfeat.stores.slabs import Slabs
from heartfeat.stores.store import Store


class Blocks:
    """Reads blocks, fastest in stored order.

    Parameters
    ----------
    container
        An open store.
    name
        Of the feature set.
    recordings
        Their ids in stored order.

    Attributes
    ----------
    attrs, views
        Attributes of the set, and its views.
    offsets
        ``(recordings + 1,)`` int64.
    done
        ``(views, recordings)`` bool.
    checksums
        ``(views, recordings)`` uint32, or None in a store that was written without.

    Raises
    ------
    StoreError
        When attributes or arrays are missing, or not of the shape that the others ask for.
    """

    def __init__(self, container: Container, name: str, recordings: Sequence[str]) -> None:
        self._uri, self.path = container.location.uri, f"features/{name}"
        self._recordings, count = recordings, len(recordings)
        self.attrs: dict[str, Any] = container.attrs(self.path)
        try:
            check_feature_attrs(self.attrs)
        except StoreError as error:
            raise container.damaged(self.path, str(error)) from error
        self.views: list[str] = self.attrs["views"]
        views, dim = len(self.views), self.attrs["dim"]
        width = dim * len(self.attrs["statistics"])
        self.tokens = container.shaped_array(f"{self.path}/tokens", (views, None, dim), "<f2")
        self.pooled = container.shaped_array(f"{self.path}/pooled", (views, count, width), "<f4")
        self.offsets = container.read_checked(f"{self.path}/offsets")
        check_offsets(container, f"{self.path}/offsets", self.offsets, count, self.tokens.shape[1])
        # Not checked as a whole: every mark that is wrong contradicts its block.
        self.done = container.shaped_array(f"{self.path}/done", (views, count), "?").read()
        self.checksums: np.ndarray | None = None
        if "checksum" in container.checksums(self.path):
            stored = container.shaped_array(f"{self.path}/checksum", (views, count), "<u4")
            self.checksums = stored.read()
        self._token_slabs, self._pooled_slabs = Slabs(self.tokens), Slabs(self.pooled)

    def read(self, view: int, recording: int) -> tuple[np.ndarray, np.ndarray] | None:
        """``(rows, D)`` float16 and ``(D x statistics,)`` float32, or None where there are no features.

        Raises
        ------
        StoreError
            When the block is damaged.
        """
        tokens, pooled = self._rows(view, recording)
        if problem := self._fault(view, recording, tokens, pooled):
            raise StoreError(
                f"{self._uri} is damaged at {self.path}, recording {self._recordings[recording]!r}, view "
                f"{self.views[view]!r}: {problem}. {command('store verify', self._uri)} names all that is "
                f"damaged, {command('store repair', self._uri)} takes it out"
            )
        return (tokens, pooled) if self.done[view, recording] else None

    def problem(self, view: int, recording: int) -> str:
        """What is wrong with a block; empty where all is well.

        Raises
        ------
        UnreadableError
            When the system refuses to read it.
        """
        try:
            return self._fault(view, recording, *self._rows(view, recording))
        except UnreadableError:
            raise
        except StoreError as error:
            return str(error)

    def _fault(self, view: int, recording: int, tokens: np.ndarray, pooled: np.ndarray) -> str:
        expected = None if self.checksums is None else int(self.checksums[view, recording])
        if not self.done[view, recording]:
            empty = bool(np.isnan(tokens).all() and np.isnan(pooled).all())
            return "" if empty and not expected else "it has features but is not marked done"
        if expected is not None and block_checksum(tokens, pooled) != expected:
            return "its bytes are not those that were written: their checksum is another"
        return "" if is_finite(tokens, pooled) else "its features are not finite"

    def _rows(self, view: int, recording: int) -> tuple[np.ndarray, np.ndarray]:
        start, stop = int(self.offsets[recording]), int(self.offsets[recording + 1])
        return self._token_slabs.rows(view, start, stop), self._pooled_slabs.rows(
            view, recording, recording + 1
        )[0]


def blocks_of(store: Store, name: str) -> Blocks:
    """The blocks of a feature set of an open store."""
    container = open_container(locate(store.path or store.uri))
    return Blocks(container, name, store.recordings["recording"].to_list())
