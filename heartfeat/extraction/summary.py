"""What an extraction did, in figures and in lines for people."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from heartfeat.backbones.preprocessing import TOO_LOW
from heartfeat.messages import first_of

SHOWN_DETAILS = 3
"""Recordings per reason of which the summary says what was seen."""


@dataclass(frozen=True)
class SharedAudio:
    """Two recordings that hold the same audio.

    Attributes
    ----------
    recordings, patients
        The two recordings and whose they are.
    """

    recordings: tuple[str, str]
    patients: tuple[str, str]

    @property
    def crosses_patients(self) -> bool:
        """Whether the two patients differ, which a split by person must know."""
        return self.patients[0] != self.patients[1]


@dataclass(frozen=True)
class ExtractionSummary:
    """The outcome of one run.

    Attributes
    ----------
    store
        Where the features are.
    recordings
        Recordings of the cohort.
    encoded
        Recordings for which this run encoded anything.
    reused
        Usable recordings for which everything was there already.
    skipped
        Reason by recording that cannot be used.
    details
        What was seen of recordings that cannot be used, where it says more than the reason.
    missing
        Reason by stored recording whose file cannot be reached now; what the store holds of it stays.
    unfit
        Recordings by feature set whose sample rate is too low for it; other sets have them.
    shared_audio
        Pairs of recordings that hold the same audio; each was encoded once.
    shares
        Share of the workers' time by ``"decode"``, ``"encode"`` and ``"write"``; sums to 1, or is empty.
    of_forward_pass
        Speed of the workers as a share of that of the bare forward passes; None where nothing was encoded.
    notes
        What happened on the way: workers that died, batches that did not fit.
    audio_seconds
        Audio that was encoded (s), once whatever the number of views.
    wall_seconds
        Time that the run took (s).
    nothing_to_do
        Whether the store was already complete and was left alone.
    """

    store: str
    recordings: int
    encoded: int
    reused: int
    skipped: Mapping[str, str]
    details: Mapping[str, str]
    missing: Mapping[str, str]
    unfit: Mapping[str, Sequence[str]]
    shared_audio: tuple[SharedAudio, ...]
    shares: Mapping[str, float]
    of_forward_pass: float | None
    notes: tuple[str, ...]
    audio_seconds: float
    wall_seconds: float
    nothing_to_do: bool

    @property
    def lacking(self) -> bool:
        """Whether any recording of the cohort was left out or could not be looked at."""
        return bool(self.skipped or self.missing or self.unfit)

    def lines(self) -> list[str]:
        """The summary as lines of plain text."""
        return [self._work(), *self._speed(), *self.notes, *self._skips(), *self._pairs()]

    def _speed(self) -> list[str]:
        if not self.shares:
            return []
        shares = ", ".join(f"{name} {share:.0%}" for name, share in self.shares.items())
        ratio = self.of_forward_pass
        bare = "" if ratio is None else f"; {ratio:.0%} of the speed of the bare forward pass"
        return [f"time of the workers: {shares}{bare}"]

    def _work(self) -> str:
        if self.nothing_to_do:
            whole = f"{self.store} holds all {self.recordings:,} recordings"
            return f"nothing to do: {whole} ({self.wall_seconds:.1f} s)"
        items, rate = (
            amount / self.wall_seconds if self.wall_seconds else 0.0
            for amount in (self.encoded, self.audio_seconds)
        )
        return (
            f"{self.store}: {self.recordings:,} recordings, {self.encoded:,} encoded, "
            f"{self.reused:,} reused, "
            f"{len(self.skipped):,} skipped; {self.audio_seconds / 3600:.2f} h of audio "
            f"in {self.wall_seconds:.1f} s ({items:,.1f} recordings and {rate:,.0f} s of audio per second)"
        )

    def _skips(self) -> list[str]:
        lines = []
        for reason, names in _by_reason(self.skipped):
            lines.append(f"skipped, {reason}: {_first(names)}")
            seen = [f"  {name}: {self.details[name]}" for name in names if name in self.details]
            lines += seen[:SHOWN_DETAILS]
        lines += [
            f"not looked at, stored features stay, {reason}: {_first(names)}"
            for reason, names in _by_reason(self.missing)
        ]
        lines += [f"skipped for {name}, {TOO_LOW}: {_first(names)}" for name, names in self.unfit.items()]
        return lines

    def _pairs(self) -> list[str]:
        crossing = [pair for pair in self.shared_audio if pair.crosses_patients]
        lines = [f"same audio under two names: {len(self.shared_audio):,} pairs"] if self.shared_audio else []
        lines += [
            f"same audio in two patients: {pair.recordings[0]} of {pair.patients[0]} and "
            f"{pair.recordings[1]} of {pair.patients[1]}"
            for pair in crossing
        ]
        return lines


def _by_reason(reasons: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Recordings by reason, the commonest first."""
    return [
        (reason, [recording for recording, why in reasons.items() if why == reason])
        for reason, _ in Counter(reasons.values()).most_common()
    ]


def _first(names: Sequence[str]) -> str:
    """How many there are, and the first five."""
    return f"{len(names):,} ({first_of(names)})"
