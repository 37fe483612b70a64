"""A murmur: turbulent noise between two heart sounds, described in CirCor's own words."""

from dataclasses import dataclass

import numpy as np

from heartfeat.signals.synthetic_noise import coloured_noise

PITCHES = {"Low": (60.0, 160.0), "Medium": (110.0, 280.0), "High": (180.0, 500.0)}
"""Band of a murmur in Hz."""

GRADE_DB = {"I": -8.0, "II": -5.5, "III": -2.5}
"""RMS at its loudest against the first heart sound's peak RMS, in dB, where it is most audible."""

SPANS = {"Early": (0.0, 0.55), "Mid": (0.2, 0.8), "Late": (0.5, 1.0), "Holo": (0.0, 1.0)}
"""Part of systole or diastole that a murmur fills."""

_SHAPES = {
    "Plateau": ((0.0, 0.0), (0.08, 1.0), (0.92, 1.0), (1.0, 0.0)),
    "Diamond": ((0.0, 0.0), (0.5, 1.0), (1.0, 0.0)),
    "Decrescendo": ((0.0, 0.0), (0.08, 1.0), (1.0, 0.0)),
    "Crescendo": ((0.0, 0.0), (0.92, 1.0), (1.0, 0.0)),
}
_MUSICAL_WIDTH = 0.12


@dataclass(frozen=True)
class Murmur:
    """One murmur.

    Attributes
    ----------
    phase
        ``"systolic"`` or ``"diastolic"``.
    timing
        ``"Early"``, ``"Mid"``, ``"Late"`` or ``"Holo"``.
    shape
        ``"Plateau"``, ``"Diamond"``, ``"Decrescendo"`` or ``"Crescendo"``.
    grade
        ``"I"``, ``"II"`` or ``"III"`` (Levine).
    pitch
        ``"Low"``, ``"Medium"`` or ``"High"``.
    quality
        ``"Blowing"`` (even), ``"Harsh"`` (rough) or ``"Musical"`` (nearly a tone).
    """

    phase: str
    timing: str
    shape: str
    grade: str
    pitch: str
    quality: str


def murmur_carrier(murmur: Murmur, length: int, sample_rate: float, rng: np.random.Generator) -> np.ndarray:
    """The murmur's sound without its envelope; ``(length,)`` float64 of unit RMS."""
    low, high = PITCHES[murmur.pitch]
    if murmur.quality == "Musical":
        centre = np.sqrt(low * high)
        low, high = centre * (1 - _MUSICAL_WIDTH), centre * (1 + _MUSICAL_WIDTH)
    carrier = coloured_noise(length, sample_rate, low, high, rng)
    if murmur.quality == "Harsh":
        carrier = carrier * (1 + 0.6 * coloured_noise(length, sample_rate, 10, 40, rng))
    return carrier / np.sqrt(np.mean(carrier**2))


def murmur_envelope(murmur: Murmur, start: float, end: float, time: np.ndarray) -> np.ndarray:
    """Envelope over one systole or diastole from ``start`` to ``end`` (s) at ``time`` (s): 0 to 1."""
    first, last = SPANS[murmur.timing]
    begin, width = start + first * (end - start), (last - first) * (end - start)
    at, height = zip(*_SHAPES[murmur.shape], strict=True)
    return np.interp((time - begin) / width, at, height, left=0.0, right=0.0)
