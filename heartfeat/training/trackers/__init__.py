"""Experiment trackers by name; the package behind one is imported when it is asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module

from heartfeat.errors import ConfigError
from heartfeat.training.trackers.tracker import TrackedRun, Tracker

TRACKERS = {
    "tensorboard": ("heartfeat.training.trackers.tensorboard", "TensorBoard"),
    "wandb": ("heartfeat.training.trackers.wandb", "WeightsAndBiases"),
    "mlflow": ("heartfeat.training.trackers.mlflow", "MLflow"),
}
"""Module and class of every tracker, by the name that is also its extra."""


class Tracking(tuple[Tracker, ...]):
    """Open trackers; each is a callback."""

    __slots__ = ()

    def finish(self, scores: Mapping[str, float]) -> None:
        """Tell all of them how the run ended."""
        for tracker in self:
            tracker.finish(scores)


@contextlib.contextmanager
def tracking(names: Sequence[str], run: TrackedRun) -> Iterator[Tracking]:
    """Open the trackers of a run; they are told when it fails.

    Raises
    ------
    ConfigError
        When there is no such tracker, or the package behind it is not installed or not set up.
    """
    opened: list[Tracker] = []
    try:
        for name in dict.fromkeys(names):
            opened.append(_open(name, run))
        yield Tracking(opened)
    except BaseException:
        for tracker in opened:
            tracker.abandon()
        raise


def check_trackers(names: Sequence[str]) -> None:
    """Say early what `tracking` would refuse.

    Raises
    ------
    ConfigError
        When there is no such tracker, or the package behind it is not installed.
    """
    for name in names:
        if name not in TRACKERS:
            raise ConfigError(f"there is no tracker {name!r}; choose {', '.join(TRACKERS)}")
        with _needing(name):
            import_module(TRACKERS[name][0])


def _open(name: str, run: TrackedRun) -> Tracker:
    check_trackers([name])
    module, tracker = TRACKERS[name]
    with _needing(name):
        opened: Tracker = getattr(import_module(module), tracker)(run)
    return opened


@contextlib.contextmanager
def _needing(name: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ConfigError(
            f"--tracker {name} needs a package that is not installed ({error}); pip install 'heartfeat[{name}]'"
        ) from error
