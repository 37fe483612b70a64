"""What abstaining gave on the tested patients: share answered, errors, per fold and in all, as files of a run."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl

from heartfeat.evaluation.bootstrap import percentile_interval, person_weights
from heartfeat.evaluation.confusion import divide

SCORES = ("coverage", "wrong", "error")


@dataclass(frozen=True)
class FoldAbstention:
    """One fold: its threshold (None: abstain on all), and what came of it on the patients that it tested.

    Attributes
    ----------
    valid
        Labelled validation patients that the threshold rests on.
    patients
        Tested patients with a label.
    coverage, wrong, error
        As in :class:`Abstention`.
    """

    fold: int
    valid: int
    threshold: float | None
    patients: int
    coverage: float | None
    wrong: float | None
    error: float | None


@dataclass(frozen=True)
class Abstention:
    """All folds together.

    Attributes
    ----------
    rate
        The wanted rate: share of all patients who may be answered wrongly.
    guaranteed
        Whether the wanted rate is promised: every fold has enough validation patients for a threshold, and there are
        no ``doubts``.
    doubts
        Why the test patients may be of another kind than the validation patients.
    patients
        Tested patients with a label.
    scores, intervals
        ``coverage``, share of patients answered; ``wrong``, share of all patients who are answered wrongly, which
        the wanted rate bounds; ``error``, share of wrong answers among the answers (None without answers). 95 %
        intervals, persons resampled.
    answered_classes
        Share of each true class that is answered: whom abstaining leaves out.
    folds
        One by one.
    """

    rate: float
    guaranteed: bool
    doubts: list[str]
    patients: int
    scores: Mapping[str, float | None]
    intervals: Mapping[str, tuple[float | None, float | None]]
    answered_classes: Mapping[str, float]
    folds: list[FoldAbstention]


def judge_abstention(
    table: pl.DataFrame, valid: pl.DataFrame, rate: float, doubts: Sequence[str] = ()
) -> Abstention:
    """Score what :func:`heartfeat.evaluation.selective.abstain` gave.

    Parameters
    ----------
    table
        From there.
    valid
        Prediction table of the validation patients, to be counted.
    rate
        The rate that was wanted.
    doubts
        As in :class:`Abstention`.
    """
    known = table.drop_nulls("label")
    weights = (
        np.concatenate(list(person_weights(known["person"].to_list()))) if known.height else np.ones((1, 0))
    )
    draws = {name: percentile_interval(values) for name, values in _rates(known, weights).items()}
    folds = [
        FoldAbstention(
            fold=number,
            valid=valid.filter(pl.col("fold") == number)["label"].count(),
            threshold=table.filter(pl.col("fold") == number)["threshold"][0],
            patients=own.height,
            **_plain_rates(own),
        )
        for number in table["fold"].unique().sort()
        for own in [known.filter(pl.col("fold") == number)]
    ]
    shares = known.group_by("label", maintain_order=True).agg(pl.col("answered").mean())
    return Abstention(
        rate=rate,
        guaranteed=not doubts and all(fold.threshold is not None for fold in folds),
        doubts=list(doubts),
        patients=known.height,
        scores=_plain_rates(known),
        intervals={name: (_plain(low), _plain(high)) for name, (low, high) in draws.items()},
        answered_classes=dict(shares.sort("label").iter_rows()),
        folds=folds,
    )


def save_abstention(found: Abstention, table: pl.DataFrame, folder: Path) -> None:
    """Write ``selective.json`` and, one row per patient, ``selective.csv``."""
    text = json.dumps(asdict(found), indent=2, allow_nan=False)
    (folder / "selective.json").write_text(text + "\n", encoding="utf-8")
    table.write_csv(folder / "selective.csv")


def _rates(known: pl.DataFrame, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Each ``(B,)`` for ``(B, P)`` weights; NaN where undefined."""
    answered = known["answered"].to_numpy().astype(float)
    wrong = answered * (known["label"] != known["decision"]).to_numpy()
    total = weights.sum(axis=1)
    given, errors = weights @ answered, weights @ wrong
    values = (divide(given, total), divide(errors, total), divide(errors, given))
    return dict(zip(SCORES, values, strict=True))


def _plain_rates(known: pl.DataFrame) -> dict[str, float | None]:
    rates = _rates(known, np.ones((1, known.height)))
    return {name: _plain(float(values[0])) for name, values in rates.items()}


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else value
