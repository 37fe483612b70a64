"""How fast an extraction goes, overall and per worker, and when it will end."""

import time
from collections.abc import Sequence

from heartfeat.extraction.ledger import Ledger, Unit
from heartfeat.progress import DetailedProgress


class Speedometer:
    """Tells what a ledger knows.

    Parameters
    ----------
    ledger
        Of the run.
    units
        All recordings of the run; the size of their files says how much work is left.
    progress
        Told recordings, hours of audio, rates and the time that is left.
    """

    def __init__(self, ledger: Ledger, units: Sequence[Unit], progress: DetailedProgress) -> None:
        self._ledger = ledger
        self._count = len(units)
        self._bytes = max(1, sum(unit.size for unit in units))
        self._progress = progress
        self._started = time.perf_counter()

    def __call__(self) -> None:
        """Tell where the run stands now."""
        total = self._ledger.total
        seconds = max(time.perf_counter() - self._started, 1e-9)
        share = self._ledger.bytes_done / self._bytes
        left = f", {clock(seconds * (1 - share) / share)} left" if 0 < share < 1 else ""
        lines = [
            f"{total.audio_seconds / 3600:.2f} h of audio, {total.audio_seconds / seconds:,.0f} s/s{left}"
        ]
        if len(self._ledger.done) > 1:
            lines += [
                f"{worker}: {done.recordings}, {done.audio_seconds / seconds:,.0f} s/s"
                for worker, done in sorted(self._ledger.done.items())
            ]
        self._progress("extracting", total.recordings, self._count, "\n".join(lines))


def clock(seconds: float) -> str:
    """A length of time for people: ``0:05``, ``12:30``, ``3:05:00``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
