"""Who does what: units of work, claimed blocks and the facts that come in.

One ledger lives in the main process. Workers ask it for recordings to look at, tell what they decoded, and
are told which blocks to compute, so the same audio under two names is encoded once whichever workers meet
it.
"""

from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from heartfeat.errors import RecordingError
from heartfeat.extraction.facts import SKIPPED, Facts
from heartfeat.extraction.feature_sets import BlockKey, PlannedSet


@dataclass(frozen=True)
class Unit:
    """One recording to decode.

    Attributes
    ----------
    recording
        Its id.
    path
        Its file.
    """

    recording: str
    path: Path


@dataclass(frozen=True)
class Done:
    """What a worker reports after a commit.

    Attributes
    ----------
    recordings
        Recordings committed.
    encoded
        Those of them for which anything was encoded.
    audio_seconds
        Audio that was encoded (s).
    decode, encode, write
        Time spent reading and preparing, in views and forward passes, and in staging (s).
    """

    recordings: int = 0
    encoded: int = 0
    audio_seconds: float = 0.0
    decode: float = 0.0
    encode: float = 0.0
    write: float = 0.0

    def __add__(self, other: "Done") -> "Done":
        names = Done.__dataclass_fields__
        return Done(**{name: getattr(self, name) + getattr(other, name) for name in names})


class WorkSource(Protocol):
    """What a worker needs to know from outside; the ledger itself, or a line to it."""

    def next_unit(self) -> Unit | None:
        """The next recording to decode, or None when there is no more."""
        ...

    def claim(self, facts: Facts) -> list[BlockKey]:
        """The blocks that the worker shall compute of the recording that it has decoded."""
        ...

    def report(self, done: Done) -> None:
        """Tell what was committed."""
        ...


@dataclass
class Ledger:
    """The main process' side of :class:`WorkSource`.

    Attributes
    ----------
    sets
        Feature sets to fill.
    present
        Blocks that are already in the store or in staging.
    units
        Recordings that are still to be handed out.
    strict
        Whether a recording that cannot be used ends the run.
    facts
        Everything that workers saw, by recording.
    done
        Totals.
    on_report
        Called with the totals after each report.
    """

    sets: Sequence[PlannedSet]
    present: Collection[BlockKey]
    units: deque[Unit]
    strict: bool = False
    facts: dict[str, Facts] = field(default_factory=dict)
    done: Done = field(default_factory=Done)
    on_report: Callable[[Done], None] = lambda done: None
    claimed: set[BlockKey] = field(default_factory=set)

    def next_unit(self) -> Unit | None:
        """See :class:`WorkSource`."""
        return self.units.popleft() if self.units else None

    def claim(self, facts: Facts) -> list[BlockKey]:
        """See :class:`WorkSource`.

        Raises
        ------
        RecordingError
            With ``strict``, for a recording that cannot be used.
        """
        self.facts[facts.recording] = facts
        if self.strict:
            refuse(facts)
        if facts.pcm_digest is None:
            return []
        wanted = [key for planned in self.sets for key in planned.blocks(facts.pcm_digest)]
        missing = [key for key in wanted if key not in self.present and key not in self.claimed]
        self.claimed.update(missing)
        return missing

    def report(self, done: Done) -> None:
        """See :class:`WorkSource`."""
        self.done += done
        self.on_report(self.done)


def refuse(facts: Facts) -> None:
    """Raise the RecordingError of a recording that cannot be used; nothing happens for others."""
    if facts.status == SKIPPED:
        seen = f"{facts.detail}; " if facts.detail else ""
        raise RecordingError(
            facts.reason or "unreadable",
            f"recording {facts.recording}; {seen}run without strict to skip and count such files",
        )
