"""Calibrators: from the probabilities of a head to probabilities that can be believed.

They are fitted on validation patients and are plain numbers, so that a run keeps them as JSON.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from heartfeat.tasks.labels import UNLABELLED

Method = Literal["temperature", "isotonic", "none"]

FEWEST = 20
"""With fewer labelled validation patients nothing is fitted."""

TEMPERATURES = (0.2, 5.0)
"""Ends of the search; a few dozen patients can otherwise ask for any temperature at all."""

PRIOR_SCALE = 0.05
"""Scale of the Cauchy prior on the log temperature."""

_LEAST = 1e-12

_STEPS = 161
"""Log temperatures looked at between the ends; with the prior the loss may have two valleys."""


@dataclass(frozen=True)
class Curve:
    """A non-decreasing curve through points: ``x`` what a head says, ``y`` how often it came true."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class Calibrator:
    """One fitted calibrator.

    Attributes
    ----------
    method
        What is applied; ``"none"`` leaves probabilities as they are.
    patients
        Labelled validation patients that it was fitted on.
    temperature
        What the logits are divided by.
    curves
        One per class, for the isotonic method.
    reason
        Why nothing was fitted although it was wanted.
    """

    method: Method = "none"
    patients: int = 0
    temperature: float = 1.0
    curves: tuple[Curve, ...] = ()
    reason: str = ""

    def apply(self, probabilities: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, ``(P, C)`` float64, rows sum to 1."""
        if self.method == "temperature":
            return _tempered(probabilities, self.temperature)
        return _mapped(probabilities, self.curves) if self.method == "isotonic" else probabilities

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; fields that say nothing are left out."""
        bare = Calibrator()
        return {
            name: value
            for name, value in asdict(self).items()
            if name in ("method", "patients") or value != getattr(bare, name)
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "Calibrator":
        """What :meth:`as_dict` gave.

        Raises
        ------
        TypeError, ValueError, KeyError
            When ``raw`` is something else.
        """
        curves = tuple(
            Curve(*(tuple(float(number) for number in curve[axis]) for axis in ("x", "y")))
            for curve in raw.get("curves", ())
        )
        found = cls(**{**raw, "curves": curves})
        if found.method not in get_args(Method) or not found.temperature > 0:
            raise ValueError(f"{found.method!r} with temperature {found.temperature} is no calibrator")
        return found


def fit_calibrator(method: Method, labels: np.ndarray, probabilities: np.ndarray) -> Calibrator:
    """Fit a calibrator on validation patients.

    Parameters
    ----------
    method
        ``"temperature"``: one number that the logits are divided by (Guo et al. 2017, ICML), the most probable one
        given the patients and a prior that it is near 1: the least negative log-likelihood plus
        ``log(1 + (log T / 0.05)^2)``. Some 70 patients alone scatter the logarithm by 0.17 around a head that needs
        no correction, which is no better than none; a tail as heavy as Cauchy's gives way to a head that is far
        off. ``"isotonic"``: one non-decreasing curve per class against the rest, then normalised to sum to 1
        (Zadrozny & Elkan 2002, KDD). ``"none"``: leave probabilities as they are.
    labels
        ``(P,)`` class codes; patients with -1 (no label) take no part.
    probabilities
        ``(P, C)``, rows sum to 1.

    Returns
    -------
    calibrator
        One that changes nothing, with the reason, where fewer than 20 patients have a label or a class does not
        occur: neither method can then be told from chance.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, dtype=float)
    known = labels != UNLABELLED
    labels, probabilities = labels[known], probabilities[known]
    bare = Calibrator(patients=len(labels))
    if method == "none":
        return bare
    if len(labels) < FEWEST:
        return replace(bare, reason=f"fewer than {FEWEST} labelled validation patients")
    if len(np.unique(labels)) < probabilities.shape[1]:
        return replace(bare, reason="a class does not occur among the validation patients")
    if method == "isotonic":
        return replace(bare, method=method, curves=_curves(labels, probabilities))
    return replace(bare, method=method, temperature=_temperature(labels, probabilities))


def _temperature(labels: np.ndarray, probabilities: np.ndarray) -> float:
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        chances = _tempered(probabilities, float(np.exp(log_temperature)))[rows, labels]
        prior = np.log1p((log_temperature / PRIOR_SCALE) ** 2)
        return float(prior - np.log(np.maximum(chances, _LEAST)).sum())

    coldest, hottest = np.log(TEMPERATURES)
    steps = np.linspace(coldest, hottest, _STEPS)
    least = int(np.argmin([loss(step) for step in steps]))
    around = steps[max(least - 1, 0)], steps[min(least + 1, _STEPS - 1)]
    return float(np.exp(minimize_scalar(loss, bounds=around, method="bounded").x))


def _tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    logits = np.log(np.maximum(probabilities, _LEAST)) / temperature
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def _curves(labels: np.ndarray, probabilities: np.ndarray) -> tuple[Curve, ...]:
    from sklearn.isotonic import IsotonicRegression

    curves = []
    for code in range(probabilities.shape[1]):
        fitted = IsotonicRegression(y_min=0, y_max=1).fit(probabilities[:, code], labels == code)
        curves.append(Curve(tuple(fitted.X_thresholds_.tolist()), tuple(fitted.y_thresholds_.tolist())))
    return tuple(curves)


def _mapped(probabilities: np.ndarray, curves: tuple[Curve, ...]) -> np.ndarray:
    columns = zip(probabilities.T, curves, strict=True)
    mapped = np.stack([np.interp(column, curve.x, curve.y) for column, curve in columns], axis=1)
    total = mapped.sum(axis=1, keepdims=True)
    # Every curve may say 0 of a patient: then there is nothing to share out, and the head is believed.
    return np.where(total > 0, mapped / np.where(total > 0, total, 1), probabilities)
