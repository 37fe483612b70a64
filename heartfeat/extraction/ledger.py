"""Who does what: units of work, claimed blocks and the facts that come in.

One ledger lives in the main process. Workers ask it for recordings to look at, tell what they decoded, and
are told which blocks to compute, so the same audio under two names is encoded once whichever workers meet
it. It knows what each worker has in hand, so that the units of a dead one can go to the others.
"""

from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from heartfeat.backbones.preprocessing import TOO_LOW
from heartfeat.errors import RecordingError
from heartfeat.extraction.facts import SKIPPED, Facts
from heartfeat.extraction.feature_sets import BlockKey, PlannedSet
from heartfeat.messages import first_of


@dataclass(frozen=True, slots=True)
class Unit:
    """One recording to decode.

    Attributes
    ----------
    recording
        Its id.
    path
        Its file.
    size
        Bytes of the file, by which the time that is left is judged.
    """

    recording: str
    path: Path
    size: int = 0


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
        Audio that was encoded (s), once whatever the number of views.
    decode, encode, write
        Time spent reading and preparing, in forward passes, and in pooling and staging (s).
    worked
        Time from a worker's first look for work to its last commit (s); told at the end.
    """

    recordings: int = 0
    encoded: int = 0
    audio_seconds: float = 0.0
    decode: float = 0.0
    encode: float = 0.0
    write: float = 0.0
    worked: float = 0.0

    def __add__(self, other: "Done") -> "Done":
        names = Done.__dataclass_fields__
        return Done(**{name: getattr(self, name) + getattr(other, name) for name in names})


class WorkSource(Protocol):
    """What a worker needs to know from outside; a desk at the ledger, or a line to it."""

    def next_unit(self) -> Unit | None:
        """The next recording to decode, or None when there is no more."""
        ...

    def claim(self, facts: Facts) -> list[BlockKey]:
        """The blocks that the worker shall compute of the recording that it has decoded."""
        ...

    def report(self, recordings: Sequence[str], done: Done) -> None:
        """Tell which recordings were committed, and what that took."""
        ...

    def note(self, text: str) -> None:
        """Tell people something."""
        ...


@dataclass
class Ledger:
    """The main process' side of every :class:`WorkSource`.

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
        Totals by worker.
    bytes_done
        Bytes of files whose recordings are committed.
    notes
        What people should know of the run.
    on_report
        Called after each report.
    """

    sets: Sequence[PlannedSet]
    present: Collection[BlockKey]
    units: deque[Unit]
    strict: bool = False
    facts: dict[str, Facts] = field(default_factory=dict)
    done: dict[str, Done] = field(default_factory=dict)
    bytes_done: int = 0
    notes: list[str] = field(default_factory=list)
    on_report: Callable[[], None] = lambda: None
    _in_hand: dict[str, dict[str, Unit]] = field(default_factory=dict)
    _claimed: dict[BlockKey, str] = field(default_factory=dict)

    @property
    def total(self) -> Done:
        """What all workers reported together."""
        return sum(self.done.values(), Done())

    def next_unit(self, worker: str) -> Unit | None:
        """See :class:`WorkSource`."""
        if not self.units:
            return None
        unit = self.units.popleft()
        self._in_hand.setdefault(worker, {})[unit.recording] = unit
        return unit

    def claim(self, worker: str, facts: Facts) -> list[BlockKey]:
        """See :class:`WorkSource`.

        Raises
        ------
        RecordingError
            With ``strict``, for a recording that cannot be used.
        """
        self.facts[facts.recording] = facts
        if self.strict:
            refuse(facts, self.sets)
        wanted = [key for planned in self.sets for key in planned.blocks(facts)]
        missing = [key for key in wanted if key not in self.present and key not in self._claimed]
        self._claimed.update(dict.fromkeys(missing, facts.recording))
        return missing

    def report(self, worker: str, recordings: Sequence[str], done: Done) -> None:
        """See :class:`WorkSource`."""
        for recording in recordings:
            self.bytes_done += self._in_hand[worker].pop(recording).size
        self.done[worker] = self.done.get(worker, Done()) + done
        self.on_report()

    def lost(self, worker: str) -> list[str]:
        """Take back what a dead worker had in hand; the recordings, which are first to be handed out again."""
        units = self._in_hand.pop(worker, {})
        self.units.extendleft(reversed(units.values()))
        self._claimed = {key: owner for key, owner in self._claimed.items() if owner not in units}
        return list(units)

    def bury(self, worker: str, problem: str) -> None:
        """Note that a worker died, and why, and take back what it had in hand."""
        lost = self.lost(worker)
        self.notes.append(
            f"the worker {worker} died ({problem}); {len(lost)} recordings that it had in hand went back to the queue"
            + (f": {first_of(lost)}" if lost else "")
        )


@dataclass(frozen=True)
class Desk:
    """A worker's place at a ledger in its own process (see :class:`WorkSource`)."""

    ledger: Ledger
    worker: str

    def next_unit(self) -> Unit | None:
        """See :class:`WorkSource`."""
        return self.ledger.next_unit(self.worker)

    def claim(self, facts: Facts) -> list[BlockKey]:
        """See :class:`WorkSource`."""
        return self.ledger.claim(self.worker, facts)

    def report(self, recordings: Sequence[str], done: Done) -> None:
        """See :class:`WorkSource`."""
        self.ledger.report(self.worker, recordings, done)

    def note(self, text: str) -> None:
        """See :class:`WorkSource`."""
        self.ledger.notes.append(text)


def refuse(facts: Facts, sets: Sequence[PlannedSet]) -> None:
    """Raise the RecordingError of a recording that cannot be used for all of ``sets``; nothing happens for others."""
    remedy = "run without strict to skip and count such files"
    if facts.status == SKIPPED:
        seen = f"{facts.detail}; " if facts.detail else ""
        raise RecordingError(facts.reason or "unreadable", f"recording {facts.recording}; {seen}{remedy}")
    for planned in sets:
        if not planned.fits(facts):
            raise RecordingError(
                TOO_LOW,
                f"recording {facts.recording}, {facts.sample_rate} Hz, for {planned.spec.name}; {remedy}",
            )
