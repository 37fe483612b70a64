"""What a tracker is: a callback that also hears of the beginning and the end of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from heartfeat.heads.monitor import Epoch


@dataclass(frozen=True)
class TrackedRun:
    """What is known of a run before it begins.

    Attributes
    ----------
    name, task, head
        Of the run.
    settings
        The head's settings and whatever else should be found again, JSON-able.
    folder
        Where trackers put their files: the folder that holds the runs folder.
    """

    name: str
    task: str
    head: str
    settings: Mapping[str, Any]
    folder: Path


class Tracker(Protocol):
    """A callback that logs every epoch, made from a `TrackedRun`."""

    def __call__(self, epoch: Epoch) -> None:
        """Log the values of an epoch."""
        ...

    def finish(self, scores: Mapping[str, float]) -> None:
        """Log the scores of the finished run, and close."""
        ...

    def abandon(self) -> None:
        """Close; the run failed or was interrupted."""
        ...


def finite(scores: Mapping[str, float]) -> dict[str, float]:
    """The scores that have a value."""
    return {name: float(value) for name, value in scores.items() if math.isfinite(value)}


def values_of(epoch: Epoch) -> dict[str, float]:
    """Everything of an epoch that is worth a curve."""
    return {**finite(epoch.values), "learning_rate": epoch.learning_rate}
