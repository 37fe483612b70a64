"""How the folds of a run are fitted, which says nothing of what is fitted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from heartfeat.errors import ConfigError
from heartfeat.heads.head import Head
from heartfeat.heads.monitor import Callback, Monitor, Scorer
from heartfeat.progress import Progress
from heartfeat.training.kept_folds import KeptFolds

if TYPE_CHECKING:
    from heartfeat.heads.neural.compute import Compute


@dataclass(frozen=True)
class Fitting:
    """Where heads compute, who watches them, how many at a time, and what is kept for going on after a stop.

    Attributes
    ----------
    device, precision
        As `heartfeat.heads.neural.compute.choose_compute` takes them; only neural heads have a choice.
    jobs
        Folds, or networks of one fold, that are fitted at the same time, each in a process of its own.
    callbacks
        Called after every epoch of a neural head, in this process, one at a time.
    score
        Scores of the validation patients.
    kept
        Where finished folds and checkpoints are kept until the run is done; None keeps nothing.
    """

    device: str = "cpu"
    precision: str = "fp32"
    jobs: int = 1
    callbacks: tuple[Callback, ...] = ()
    score: Scorer | None = None
    kept: KeptFolds | None = None

    def __post_init__(self) -> None:
        if self.jobs < 1:
            raise ConfigError(
                f"--jobs {self.jobs} must be 1 or more; it is the number of folds or networks at a time"
            )

    def has(self, fold: int) -> bool:
        """Whether that fold is finished and kept."""
        return self.kept is not None and self.kept.has(fold)

    def compute(self, head: type[Head], fold: int = 0) -> Compute | None:
        """Where a head of this class computes; None for heads that know the CPU alone.

        Raises
        ------
        ConfigError
            When such a head is to compute elsewhere.
        DeviceError
            When there is no such device or precision on this machine.
        """
        if not getattr(head, "uses_device", False):
            for option, value in (("--device", self.device), ("--precision", self.precision)):
                if value not in ("auto", "cpu", "fp32"):
                    raise ConfigError(
                        f"this head computes on the CPU in its own precision; leave out {option} {value}"
                    )
            return None
        from heartfeat.heads.neural.compute import choose_compute

        return choose_compute(self.device, self.precision, fold if self.jobs > 1 else 0)

    def made_of(self, head: type[Head]) -> dict[str, str]:
        """What of this makes a difference to a head of this class: the kind of device, and the precision."""
        compute = self.compute(head)
        if compute is None:
            return {"device": "cpu", "precision": "fp32"}
        return {"device": compute.device.partition(":")[0], "precision": compute.precision}

    def monitor(self, fold: int, progress: Progress) -> Monitor:
        """What a head of that fold is fitted with."""
        checkpoint = self.kept.checkpoint(fold) if self.kept else None
        return Monitor(_of_fold(fold, progress), self.callbacks, self.score, checkpoint, fold)

    @contextlib.contextmanager
    def placed(self, head: type[Head], fold: int, networks: int = 1) -> Iterator[None]:
        """Let a head of that fold compute where it should, and train so many networks at a time."""
        compute = self.compute(head, fold)
        if compute is None:
            yield
            return
        from heartfeat.heads.neural.compute import computing

        with computing(replace(compute, networks=networks)):
            yield


def _of_fold(fold: int, progress: Progress) -> Progress:
    return lambda what, done, total: progress(f"fold {fold}: {what}", done, total)


IN_ORDER = Fitting()
"""One fold after the other on the CPU, watched by nobody; nothing is kept."""
