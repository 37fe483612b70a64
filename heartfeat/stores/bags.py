"""What patients have in one feature set, in RAM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, overload

import numpy as np

from heartfeat.stores.conversions import as_torch

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Bag:
    """What one patient has in one feature set.

    Where one view was asked for by its name, arrays are as below; where several were, each array of tokens
    and ``pooled`` has one more axis in front, one entry per view.

    Attributes
    ----------
    patient
        Patient id.
    view
        Name of the view, or names of the views.
    recordings, sites
        Ids and sites of the recordings that have features; empty where the patient has none.
    rows
        ``(rows, D)`` float16 tokens of all recordings, one after the other.
    offsets
        ``(recordings + 1,)`` int64: recording ``r`` owns ``rows[offsets[r]:offsets[r + 1]]``.
    pooled
        ``(recordings, D x statistics)`` float32.
    """

    patient: str
    view: str | tuple[str, ...]
    recordings: tuple[str, ...]
    sites: tuple[str, ...]
    rows: np.ndarray
    offsets: np.ndarray
    pooled: np.ndarray

    @property
    def tokens(self) -> tuple[np.ndarray, ...]:
        """Per recording ``(rows, D)`` float16."""
        return tuple(self.rows[..., start:stop, :] for start, stop in pairwise(self.offsets.tolist()))

    def to_numpy(self) -> dict[str, np.ndarray]:
        """The arrays, flat: ``tokens``, ``offsets`` and ``pooled``."""
        return {"tokens": self.rows, "offsets": self.offsets, "pooled": self.pooled}

    def to_torch(self) -> dict[str, torch.Tensor]:
        """`to_numpy` as tensors on the same memory."""
        return as_torch(self.to_numpy())


@dataclass(frozen=True)
class Bags:
    """The bags of several patients, read at once.

    One array and offsets, for this is what heads index, crop and send to a device: padding to the longest
    recording would make it several times larger. Several views add an axis in front, as in `Bag`.

    Attributes
    ----------
    view
        Name of the view, or names of the views.
    patients
        Patient ids, also of those who have nothing here.
    patient_offsets
        ``(patients + 1,)`` int64: patient ``p`` owns recordings ``patient_offsets[p]:patient_offsets[p + 1]``.
    recordings, sites
        Ids and sites of the recordings.
    offsets
        ``(recordings + 1,)`` int64: recording ``r`` owns ``tokens[offsets[r]:offsets[r + 1]]``.
    tokens
        ``(rows, D)`` float16.
    pooled
        ``(recordings, D x statistics)`` float32.
    """

    view: str | tuple[str, ...]
    patients: tuple[str, ...]
    patient_offsets: np.ndarray
    recordings: tuple[str, ...]
    sites: tuple[str, ...]
    offsets: np.ndarray
    tokens: np.ndarray
    pooled: np.ndarray

    def __len__(self) -> int:
        return len(self.patients)

    @overload
    def __getitem__(self, number: int) -> Bag: ...

    @overload
    def __getitem__(self, number: slice) -> list[Bag]: ...

    def __getitem__(self, number: int | slice) -> Bag | list[Bag]:
        if isinstance(number, slice):
            return [self[one] for one in range(len(self))[number]]
        number = range(len(self))[number]
        first, last = int(self.patient_offsets[number]), int(self.patient_offsets[number + 1])
        bounds = self.offsets[first : last + 1]
        return Bag(
            patient=self.patients[number],
            view=self.view,
            recordings=self.recordings[first:last],
            sites=self.sites[first:last],
            rows=self.tokens[..., bounds[0] : bounds[-1], :],
            offsets=bounds - bounds[0],
            pooled=self.pooled[..., first:last, :],
        )

    def __iter__(self) -> Iterator[Bag]:
        return (self[number] for number in range(len(self)))

    def to_numpy(self) -> dict[str, np.ndarray]:
        """The arrays: ``tokens``, ``offsets``, ``patient_offsets`` and ``pooled``, nothing copied."""
        return {
            "tokens": self.tokens,
            "offsets": self.offsets,
            "patient_offsets": self.patient_offsets,
            "pooled": self.pooled,
        }

    def to_torch(self) -> dict[str, torch.Tensor]:
        """`to_numpy` as tensors on the same memory."""
        return as_torch(self.to_numpy())
