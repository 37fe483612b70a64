"""What `verify_store` finds, and what can be done about it."""

from dataclasses import dataclass
from typing import Literal

from heartfeat.errors import StoreError, UnreadableError
from heartfeat.stores.container import RESTORE, Container

Remedy = Literal["redo", "drop", "restore", "audio"]
"""Extract the recording again; drop the feature set; restore the store from a copy; look at the sound file."""


@dataclass(frozen=True)
class Problem:
    """One thing that is not as it should be.

    Attributes
    ----------
    element
        Path in the store's tree; empty for its root.
    problem
        What is wrong.
    remedy
        What can be done about it.
    recording, view
        Which features are damaged; None for damage that is not of one recording or view.
    place
        Numbers of view and recording, where both are known.
    """

    element: str
    problem: str
    remedy: Remedy
    recording: str | None = None
    view: str | None = None
    place: tuple[int, int] | None = None

    @property
    def feature_set(self) -> str | None:
        """The feature set that it is in."""
        parts = self.element.split("/")
        return parts[1] if parts[0] == "features" and len(parts) > 1 else None

    def __str__(self) -> str:
        where = [self.element or "/"]
        where += [f"recording {self.recording}"] if self.recording is not None else []
        where += [f"view {self.view}"] if self.view is not None else []
        return f"{', '.join(where)}: {self.problem}"


@dataclass(frozen=True)
class Verification:
    """A store as it was found.

    Attributes
    ----------
    uri
        The store.
    recordings, blocks
        How many recordings it has, and how many blocks (recording, view and feature set) were read.
    problems
        All that is wrong.
    unsealed
        Feature sets that were written without checksums: of these only the shape and finite numbers are known
        to be right.
    sounds
        Recordings whose sound files were decoded and compared, or None.
    """

    uri: str
    recordings: int
    blocks: int
    problems: tuple[Problem, ...]
    unsealed: tuple[str, ...] = ()
    sounds: int | None = None

    @property
    def damaged(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.problems)


def found(
    container: Container,
    element: str,
    error: StoreError,
    remedy: Remedy,
) -> Problem:
    """An error as a problem: without what the line says anyway.

    Raises
    ------
    UnreadableError
        When the error is that, which tells nothing of damage.
    """
    if isinstance(error, UnreadableError):
        raise error
    text = str(error).removesuffix(f". {RESTORE}")
    start = f"{container.location.uri} is damaged at "
    if text.startswith(start):
        element, _, text = text.removeprefix(start).partition(": ")
    return Problem("" if element == "its root" else element, text, remedy)
