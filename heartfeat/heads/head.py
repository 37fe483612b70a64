"""What every head offers: fit, predict, and a state without pickles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from heartfeat.heads.examples import Examples
from heartfeat.progress import Progress


@dataclass(frozen=True)
class HeadState:
    """A fitted head as plain data.

    Attributes
    ----------
    settings
        JSON-able: the head's settings and everything it needs to be rebuilt.
    arrays
        Named arrays (safetensors on disk).
    texts
        Named texts, such as LightGBM's own model format.
    """

    settings: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Prediction:
    """Probabilities for patients, and for their recordings where the head gives them.

    Attributes
    ----------
    patients
        ``(views, patients, classes)`` float64, rows sum to 1, estimates of the posterior (class weighting used
        in training is taken out again).
    recordings
        ``(views, recordings, classes)`` float64, or None.
    extra
        ``(views, patients, their classes)`` float64 by name, where a head learned other tasks beside; those of
        ``Examples.extra_labels`` are written and scored beside the main one.
    """

    patients: np.ndarray
    recordings: np.ndarray | None = None
    extra: Mapping[str, np.ndarray] = field(default_factory=dict)


class Head(Protocol):
    """From a patient's bag of recordings to class probabilities.

    Attributes
    ----------
    uses_tokens
        Whether the head looks at tokens, or at pooled tokens alone.
    """

    uses_tokens: ClassVar[bool]

    def fit(self, train: Examples, valid: Examples, progress: Progress) -> list[dict[str, float]]:
        """Fit on ``train``, stop or tune on ``valid``; the history, one dict per epoch (may be empty).

        ``progress(what, done, total)`` is told how far the fit is. `heartfeat fit` gives a `Monitor`, which heads may
        ask for callbacks, scores and a place for checkpoints; a plain function must do as well.
        """
        ...

    def predict(self, examples: Examples) -> Prediction:
        """Probabilities for each view of ``examples`` by itself; labels are not looked at."""
        ...

    def state(self) -> HeadState:
        """The fitted head as plain data."""
        ...

    @classmethod
    def from_state(cls, state: HeadState) -> Self:
        """The head that ``state`` describes."""
        ...
