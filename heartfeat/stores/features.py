"""One feature set of a store."""

from itertools import pairwise
from typing import overload

import numpy as np

from heartfeat.stores.index import Names, check_recording_alone
from heartfeat.stores.selection import Selection
from heartfeat.stores.stored_features import StoredFeatures


class FeatureSet(StoredFeatures):
    """Tokens and pooled tokens of one backbone with one preprocessing.

    Attributes
    ----------
    name
        Of the set.
    attrs
        Everything that went into it, as stored.
    views
        Names of the views, the first axis of the arrays.
    dim
        Features per token, D.
    token_rate
        Tokens per second, or None where tokens are not evenly spaced in time.
    statistics
        Statistics of the pooled tokens, each over D features, in order.
    core_key
        SHA-256 of ``attrs["core"]``.
    """

    @overload
    def tokens(
        self,
        view: Names = "clean",
        recording: str | None = None,
        patient: str | None = None,
        site: Names | None = None,
    ) -> np.ndarray: ...

    @overload
    def tokens(
        self,
        view: Names = "clean",
        recording: Names | None = None,
        patient: Names | None = None,
        site: Names | None = None,
    ) -> np.ndarray | list[np.ndarray]: ...

    def tokens(
        self,
        view: Names = "clean",
        recording: Names | None = None,
        patient: Names | None = None,
        site: Names | None = None,
    ) -> np.ndarray | list[np.ndarray]:
        """Tokens ``(rows, D)`` float16 in RAM; `Store.tokens` says of what."""
        self._container.check_open()
        span = self._span(recording, patient, site)
        if span is not None and isinstance(view, str):
            offsets = self.offsets
            return self._tokens.rows(self.view_number(view), int(offsets[span[0]]), int(offsets[span[1]]))
        places = self.index.find(recording, patient, site)
        tokens, offsets = self.read_tokens(self.view_numbers(view), places.recordings)
        tokens = tokens[0] if isinstance(view, str) else tokens
        names = patient if recording is None else recording
        if names is None or isinstance(names, str):
            return tokens
        bounds = offsets if recording is not None else offsets[places.offsets]
        return [tokens[..., start:stop, :] for start, stop in pairwise(bounds.tolist())]

    def pooled(
        self,
        view: Names = "clean",
        recording: Names | None = None,
        patient: Names | None = None,
        site: Names | None = None,
    ) -> np.ndarray:
        """Pooled tokens ``(recordings, D x statistics)`` float32 in RAM; `Store.pooled` says of what."""
        self._container.check_open()
        span = self._span(recording, patient, site)
        if span is not None and isinstance(view, str):
            rows = self._pooled.rows(self.view_number(view), *span)
        else:
            rows = self.read_pooled(
                self.view_numbers(view), self.index.find(recording, patient, site).recordings
            )
            rows = rows[0] if isinstance(view, str) else rows
        return rows[..., 0, :] if isinstance(recording, str) else rows

    def bags(
        self,
        view: Names = "clean",
        recording: Names | None = None,
        patient: Names | None = None,
        site: Names | None = None,
    ) -> Selection:
        """The bags of some patients, or of all; `Store.bags` says which. Nothing is read yet."""
        self._container.check_open()
        return Selection(self, view, recording, patient, site)

    def _span(
        self, recording: Names | None, patient: Names | None, site: Names | None
    ) -> tuple[int, int] | None:
        """The neighbouring recordings that are asked for, or None where they may be scattered."""
        if isinstance(recording, str):
            check_recording_alone(patient, site)
            place = self.index.recording(recording)
            return place, place + 1
        if recording is not None or site is not None:
            return None
        if isinstance(patient, str):
            return self.index.recordings_of(self.index.patient(patient))
        return (0, self.index.recording_count) if patient is None else None

    def __repr__(self) -> str:
        rate = "" if self.token_rate is None else f", {self.token_rate:g} tokens/s"
        return f"FeatureSet {self.name!r}: {len(self.views)} views x {self.rows:,} tokens x {self.dim}{rate}"
