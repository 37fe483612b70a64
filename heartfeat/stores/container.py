"""What both containers offer to readers: a tree of groups with attributes, and arrays."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from heartfeat.errors import StoreError, UnreadableError
from heartfeat.stores.checksums import array_checksum, unseal
from heartfeat.stores.location import Location
from heartfeat.stores.schema import FORMAT_VERSION

RESTORE = "Restore it from a copy, or move it away and extract again"
"""What remains to be done about damage outside feature rows."""

_LONGEST_PROBLEM = 500


@dataclass(frozen=True)
class LostRows:
    """Rows of an array whose bytes are not there.

    Attributes
    ----------
    view
        Number of the view, or None in an array without views.
    start, stop
        The rows, ``start:stop``.
    problem
        What is wrong with which file.
    """

    view: int | None
    start: int
    stop: int
    problem: str


class StoredArray(ABC):
    """An array on disk: ``(n,)``, or ``(views, n, ...)`` read one view at a time."""

    shape: tuple[int, ...]
    dtype: np.dtype
    gap: int = 0
    """Rows between wanted ones that are better read along than skipped: none where nothing is fetched in chunks."""

    @abstractmethod
    def rows(self, view: int | None, start: int, stop: int) -> np.ndarray:
        """A copy of rows ``start:stop`` of one view, or of a one-dimensional array (``view`` None)."""

    def read_into(self, out: np.ndarray, view: int | None, start: int) -> None:
        """Fill ``out`` with the rows from ``start`` on."""
        out[...] = self.rows(view, start, start + len(out))

    def read_spans(self, out: np.ndarray, view: int | None, spans: list[tuple[int, int]]) -> int:
        """Fill ``out`` with the rows of rising spans, read together; how many rows that were."""
        low, filled = spans[0][0], 0
        if len(spans) == 1:
            filled = spans[0][1] - low
            self.read_into(out[:filled], view, low)
            return filled
        together = self.rows(view, low, spans[-1][1])
        for start, stop in spans:
            out[filled : filled + stop - start] = together[start - low : stop - low]
            filled += stop - start
        return filled

    def read(self, view: int | None = None) -> np.ndarray:
        """A copy of one view, of a one-dimensional array, or (``view`` None) of all views."""
        if len(self.shape) == 1 or view is not None:
            return self.rows(view, 0, self.shape[-1 if len(self.shape) == 1 else 1])
        if self.shape[0] == 0:
            return np.empty(self.shape, self.dtype)
        return np.stack([self.rows(number, 0, self.shape[1]) for number in range(self.shape[0])])

    def lost_rows(self) -> list[LostRows]:
        """Rows whose file is missing or has another size than it should; nothing of their content is read."""
        return []


class Container(ABC):
    """A store opened for reading. Paths are relative, with ``/`` between names; ``""`` is the root."""

    def __init__(self, location: Location) -> None:
        self.location = location
        self._closed = False
        self._checksums: dict[str, dict[str, int]] = {}

    @abstractmethod
    def stored_attrs(self, path: str = "") -> dict[str, Any]:
        """Attributes of a group as they are stored, checksums and all.

        Raises
        ------
        StoreError
            When the group is missing or unreadable.
        """

    def attrs(self, path: str = "") -> dict[str, Any]:
        """Attributes of a group, checked against their checksum and without it.

        Raises
        ------
        StoreError
            When the group is missing, unreadable or not as it was written.
        """
        stored = self.stored_attrs(path)
        if not path and stored.get("format_version") != FORMAT_VERSION:
            return stored  # another version may have other checksums; whoever asks refuses it
        try:
            attrs, self._checksums[path] = unseal(stored)
        except (ValueError, StoreError) as error:
            raise self.damaged(path, str(error)) from error
        return attrs

    def checksums(self, path: str) -> dict[str, int]:
        """CRC-32 of a group's arrays by name; empty where the store was written without."""
        if path not in self._checksums:
            self.attrs(path)
        return self._checksums[path]

    def read_checked(self, path: str) -> np.ndarray:
        """A whole array, checked against its checksum where there is one.

        Raises
        ------
        StoreError
            When the array is missing, unreadable or not as it was written.
        """
        values = self.array(path).read()
        group, _, name = path.rpartition("/")
        expected = self.checksums(group).get(name)
        if expected is not None and array_checksum(values) != expected:
            raise self.damaged(path, "its bytes are not those that were written: their checksum is another")
        return values

    @abstractmethod
    def array(self, path: str) -> StoredArray:
        """An array, of which nothing is read yet.

        Raises
        ------
        StoreError
            When the array is missing or unreadable.
        """

    def shaped_array(self, path: str, shape: tuple[int | None, ...], dtype: str) -> StoredArray:
        """An array of just this shape and type; None stands for any length.

        Raises
        ------
        StoreError
            When the array is missing, unreadable or another.
        """
        array = self.array(path)
        fits = len(array.shape) == len(shape) and all(
            wanted in (None, there) for wanted, there in zip(shape, array.shape, strict=True)
        )
        if not fits or array.dtype != np.dtype(dtype):
            raise self.damaged(path, f"{np.dtype(dtype)} {shape} expected, found {array.dtype} {array.shape}")
        return array

    def __reduce__(self) -> tuple[Any, ...]:
        return open_container, (self.location,)

    def close(self) -> None:
        """Let go of files; reading afterwards is an error."""
        self._closed = True

    def check_open(self) -> None:
        """Raise StoreError once the store was closed."""
        if self._closed:
            raise StoreError(f"{self.location.uri} was closed; open it again with open_store")

    def unreadable(self, path: str, error: OSError) -> UnreadableError:
        """The error for an element that the system does not let us read."""
        return UnreadableError(
            f"{self.location.uri} cannot be read at {path or 'its root'} ({error}); make it readable"
        )

    def damaged(self, path: str, problem: str) -> StoreError:
        """The error for an element that is missing or contradicts the rest."""
        # Libraries quote what they found, however many lines that has.
        short = " ".join(problem.split()).removesuffix(".")
        short = short if len(short) <= _LONGEST_PROBLEM else f"{short[:_LONGEST_PROBLEM]}..."
        return StoreError(f"{self.location.uri} is damaged at {path or 'its root'}: {short}. {RESTORE}")


def open_container(location: Location) -> Container:
    """Open a store's container for reading; only the library that it needs is imported."""
    if location.kind == "zarr":
        from heartfeat.stores.zarr_reader import ZarrContainer

        return ZarrContainer(location)
    from heartfeat.stores.hdf5_reader import Hdf5Container

    return Hdf5Container(location)
