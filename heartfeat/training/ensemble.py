"""Predict with the heads of a run, each patient by the heads that never saw that person."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heartfeat.errors import RunError
from heartfeat.heads.examples import Examples
from heartfeat.heads.head import Head, Progress
from heartfeat.heads.registry import head_class
from heartfeat.training.runs import RunRecord
from heartfeat.training.saved_heads import load_state


@dataclass(frozen=True)
class EnsemblePrediction:
    """The mean over heads.

    Attributes
    ----------
    probabilities
        ``(views, patients, classes)`` float64.
    heads
        ``(patients,)`` how many heads were averaged.
    seen
        ``(patients,)`` bool: every head had been trained on that person, so the prediction is not an independent one.
    """

    probabilities: np.ndarray
    heads: np.ndarray
    seen: np.ndarray


def predict_with_run(
    record: RunRecord, run: Path, examples: Examples, progress: Progress
) -> EnsemblePrediction:
    """Average the run's heads over patients, leaving out, per patient, heads that saw the person.

    Where every head saw a person, all are averaged and the patient is marked as seen.
    """
    hidden = examples.without_labels()
    heads = [_load_head(record, folder) for folder in record.fold_folders(run)]
    views = []
    for done, head in enumerate(heads):
        progress("predicting", done, len(heads))
        views.append(head.predict(hidden).patients)
    progress("predicting", len(heads), len(heads))
    said = np.stack(views)
    unseen = _unseen(record.seen, examples.patients["person"].to_list())
    seen = np.logical_not(unseen.any(axis=0))
    use = np.logical_or(unseen, seen)
    weights = (use / use.sum(axis=0))[:, None, :, None]
    return EnsemblePrediction((said * weights).sum(axis=0), use.sum(axis=0), seen)


def _load_head(record: RunRecord, folder: Path) -> Head:
    state = load_state(folder)
    try:
        return head_class(record.head).from_state(state)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise RunError(f"the saved head in {folder} is damaged ({error!r}); fit it again") from error


def _unseen(seen: Sequence[Sequence[str]], persons: Sequence[str]) -> np.ndarray:
    """``(heads, patients)`` bool: the head never saw the person."""
    known = [set(fold) for fold in seen]
    return np.array([[person not in fold for person in persons] for fold in known])
