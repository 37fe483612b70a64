"""Errors in the code of a plug-in's head, named as such."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator
from functools import cache
from typing import Any, cast

import numpy as np

from heartfeat.errors import HeartfeatError, RunError
from heartfeat.heads.examples import Examples
from heartfeat.heads.head import Head, HeadState, Prediction
from heartfeat.progress import Progress


@contextlib.contextmanager
def naming(origin: str, what: str, kind: type[HeartfeatError] = RunError) -> Iterator[None]:
    """Raise whatever goes wrong as ``kind``, saying whose code it is and the line; heartfeat's own errors pass."""
    try:
        yield
    except HeartfeatError:
        raise
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise kind(
            f"{origin} failed in {what}: {type(error).__name__}: {error} ({last.filename}, line {last.lineno}); this "
            "is an error in the plug-in, not in heartfeat"
        ) from error


@cache
def with_named_errors(head: type, origin: str) -> type[Head]:
    """``head`` with methods whose errors name ``origin``, and whose predictions are checked."""
    base: Any = head

    class Named(base):
        def __init__(self, settings: Any) -> None:  # noqa: ANN401 - each head has settings of its own
            with naming(origin, "__init__"):
                super().__init__(settings)

        def fit(self, train: Examples, valid: Examples, progress: Progress) -> list[dict[str, float]]:
            with naming(origin, "fit"):
                return cast(list[dict[str, float]], super().fit(train, valid, progress))

        def predict(self, examples: Examples) -> Prediction:
            with naming(origin, "predict"):
                said = cast(Prediction, super().predict(examples))
                _check(said.patients, len(examples.patients), examples)
                if said.recordings is not None:
                    _check(said.recordings, len(examples.recordings), examples)
                return said

        def state(self) -> HeadState:
            with naming(origin, "state"):
                return cast(HeadState, super().state())

        @classmethod
        def from_state(cls, state: HeadState) -> Any:  # noqa: ANN401 - the head itself, of a class not known here
            with naming(origin, "from_state"):
                return super().from_state(state)

    Named.__name__, Named.__qualname__, Named.__doc__ = head.__name__, head.__qualname__, head.__doc__
    return cast(type[Head], Named)


def _check(probabilities: np.ndarray, rows: int, examples: Examples) -> None:
    shape = (len(examples.views), rows, len(examples.classes))
    if probabilities.shape != shape:
        raise ValueError(f"probabilities have the shape {probabilities.shape}, expected {shape}")
    if not ((probabilities >= 0).all() and np.allclose(probabilities.sum(-1), 1.0, atol=1e-6)):
        raise ValueError("probabilities must be finite, not negative, and sum to 1 over the classes")
