"""Selective prediction: answer the patients one can be sure of, and abstain on the others.

How sure a run is of its decision is the calibrated probability of the class that it decided on (Chow 1970, IEEE
Trans. Inf. Theory): not the largest probability, since a decision by worth may be on a less probable class.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from heartfeat.errors import ConfigError
from heartfeat.evaluation.predictions import PREFIX, classes_of

VALID = "valid_predictions"
"""Name of the table of validation patients in a run's folder."""


@dataclass(frozen=True)
class CoverageRisk:
    """What answering only the surest patients gives.

    Attributes
    ----------
    coverage
        ``(K,)`` share of patients answered, rising to 1: one point per distinct confidence.
    risk
        ``(K,)`` share of wrong decisions among those answered.
    """

    coverage: np.ndarray
    risk: np.ndarray

    def area(self) -> float:
        """Area under the curve (AURC, Geifman & El-Yaniv 2017, NeurIPS): the mean risk over coverages, 0 at best."""
        return float(np.diff(self.coverage, prepend=0.0) @ self.risk)


def decision_confidence(predictions: pl.DataFrame) -> np.ndarray:
    """Calibrated probability of the class that each patient was given, ``(P,)`` float64, off a prediction table."""
    classes = classes_of(predictions)
    decided = [classes.index(name) for name in predictions["decision"]]
    probabilities = predictions.select(f"{PREFIX}{name}" for name in classes).to_numpy()
    return probabilities[np.arange(len(decided)), decided]


def coverage_risk(confidence: np.ndarray, wrong: np.ndarray) -> CoverageRisk:
    """The coverage-risk curve.

    Parameters
    ----------
    confidence
        ``(P,)``, higher for surer; patients of one confidence are answered together.
    wrong
        ``(P,)`` bool: the decision is wrong.
    """
    levels, member, counts = np.unique(-np.asarray(confidence), return_inverse=True, return_counts=True)
    errors = np.bincount(member, weights=np.asarray(wrong, dtype=float), minlength=len(levels))
    answered = np.cumsum(counts)
    return CoverageRisk(answered / max(len(member), 1), np.cumsum(errors) / answered)


def run_coverage_risk(predictions: pl.DataFrame) -> CoverageRisk:
    """The curve of a prediction table; patients without a label take no part."""
    known = predictions.drop_nulls("label")
    return coverage_risk(decision_confidence(known), _wrong(known))


def abstain_threshold(confidence: np.ndarray, wrong: np.ndarray, rate: float) -> float | None:
    """The least confidence above which one may answer, by conformal risk control.

    The loss of a patient is 1 where one answers and is wrong, else 0. With ``n`` validation patients the threshold
    is the smallest at which ``(1 + wrong answers) / (n + 1) <= rate``; then the expected loss of a further patient
    of the same kind is at most ``rate`` (Angelopoulos, Bates et al. 2024, ICLR, Theorem 1).

    Parameters
    ----------
    confidence, wrong
        ``(n,)`` of validation patients.
    rate
        Share of all patients who may be answered wrongly.

    Returns
    -------
    threshold
        Answer where the confidence is greater; None where ``n < 1 / rate - 1``: then no threshold can promise it.
    """
    allowed = int(np.floor(rate * (len(wrong) + 1) - 1 + 1e-9))
    if allowed < 0:
        return None
    errors = np.sort(np.asarray(confidence)[np.asarray(wrong, dtype=bool)])[::-1]
    return float(errors[allowed]) if len(errors) > allowed else 0.0


def abstain(predictions: pl.DataFrame, valid: pl.DataFrame, rate: float) -> pl.DataFrame:
    """Answer or abstain on every tested patient, each by the threshold of its own fold.

    Parameters
    ----------
    predictions
        Prediction table of the tested patients.
    valid
        The same of the validation patients; a fold's threshold rests on its own rows alone, as its patients are
        tested by other folds.
    rate
        As in :func:`abstain_threshold`.

    Returns
    -------
    table
        ``patient``, ``person``, ``fold``, ``label``, ``decision``, ``confidence``, ``threshold`` (null where none
        can be given) and ``answered``.

    Raises
    ------
    ConfigError
        When ``rate`` is not between 0 and 1.
    """
    if not 0 < rate < 1:
        raise ConfigError(f"--abstain {rate:g} must be greater than 0 and less than 1, such as 0.1")
    thresholds = {}
    for fold in predictions["fold"].unique():
        own = valid.filter(pl.col("fold") == fold).drop_nulls("label")
        thresholds[fold] = abstain_threshold(decision_confidence(own), _wrong(own), rate)
    table = predictions.select("patient", "person", "fold", "label", "decision").with_columns(
        pl.Series("confidence", decision_confidence(predictions)),
        threshold=pl.col("fold").replace_strict(thresholds, return_dtype=pl.Float64),
    )
    return table.with_columns(answered=(pl.col("confidence") > pl.col("threshold")).fill_null(value=False))


def _wrong(known: pl.DataFrame) -> np.ndarray:
    return (known["label"] != known["decision"]).to_numpy()
