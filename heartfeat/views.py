"""Views: deterministic test-time variants of a recording, after its level has been normalised."""

import difflib
import hashlib
import re
from collections.abc import Sequence

import numpy as np

from heartfeat.errors import ConfigError

VIEW_REVISION = 1
"""Part of every feature key: raise it when any view computes other numbers."""

VIEW_SETS = {
    "none": ("clean",),
    "tta5": ("clean", "gain-6", "gain+6", "bandstop", "timemask"),
    "tta7": ("clean", "gain-6", "gain+6", "bandstop", "timemask", "noise20", "shift"),
}
"""Named sets of views."""

LARGEST_DB = 60.0
MASKED_SHARE = 0.1
TILTED_HZ = (25.0, 800.0)
"""Where a tilt is whole; outside it stays what it is at the end."""

_FAITHFUL = ("clean", "shift", "gain", "tilt")
"""Kinds of views that take nothing away and add nothing."""

_NUMBERED = re.compile(r"(gain|tilt)([+-]\d+(?:\.\d+)?)|(noise)(\d+(?:\.\d+)?)")
_PLAIN = ("clean", "bandstop", "timemask", "shift")
_EXAMPLES = ("gain-6", "gain+6", "tilt-6", "tilt+6", "noise20")


def resolve_views(text: str) -> tuple[str, ...]:
    """The views that a setting names: set names and view names, separated by commas.

    ``clean`` always comes first, and nothing comes twice.

    Raises
    ------
    ConfigError
        When a name is unknown; names the nearest known one.
    """
    views = {"clean": None}
    for name in (part.strip() for part in text.split(",")):
        for view in VIEW_SETS.get(name, (name,)):
            _check_view(view)
            views[view] = None
    return tuple(views)


def _check_view(view: str) -> None:
    numbered = _numbered(view)
    if view in _PLAIN or (numbered and abs(numbered[1]) <= LARGEST_DB):
        return
    known = [*VIEW_SETS, *_PLAIN, *_EXAMPLES]
    nearest = difflib.get_close_matches(view, known, n=1, cutoff=0.0)[0] if view else "none"
    raise ConfigError(
        f"there is no view or set of views {view!r}; did you mean {nearest!r}? Sets: {', '.join(VIEW_SETS)}; "
        f"views: {', '.join(_PLAIN)}; gain, tilt and noise with a number of dB up to {LARGEST_DB:g} (gain-6, tilt+3, "
        "noise20)"
    )


def _numbered(view: str) -> tuple[str, float] | None:
    """Kind and number (dB) of a view that has one."""
    found = _NUMBERED.fullmatch(view)
    return (found[1] or found[3], float(found[2] or found[4])) if found else None


def faithful_views(views: Sequence[str]) -> list[int]:
    """Where in ``views`` those are that hide nothing of the sound and add nothing to it: a mean is taken over these.

    What a mask or noise has taken away cannot speak: on CirCor every head does worse when such views are averaged in
    (``docs/views.md`` has the table). They are there to learn from, and to tell how sure one can be.
    """
    return [number for number, view in enumerate(views) if (_numbered(view) or (view,))[0] in _FAITHFUL]


def apply_view(view: str, samples: np.ndarray, sample_rate: float, pcm_digest: str) -> np.ndarray:
    """One variant of a recording, a pure function of the samples, ``pcm_digest`` and ``view``.

    Parameters
    ----------
    view
        A name that :func:`resolve_views` knows.
    samples
        ``(n,)`` float32, level-normalised.
    sample_rate
        In Hz.
    pcm_digest
        Digest of the decoded recording; with the view's name it seeds whatever is random.

    Returns
    -------
    variant
        ``(n,)`` float32.

    Raises
    ------
    ConfigError
        When there is no such view.
    """
    _check_view(view)
    rng = np.random.default_rng(_seed(view, pcm_digest))
    samples = np.asarray(samples, dtype=np.float32)
    if view == "bandstop":
        return _bandstop(samples, sample_rate, rng)
    if view == "timemask":
        return _timemask(samples, sample_rate, rng)
    if view == "shift":
        return np.roll(samples, int(rng.uniform(0.1, 0.9) * len(samples)))
    kind, decibels = _numbered(view) or ("clean", 0.0)
    if kind == "noise":
        return _noise(samples, decibels, rng)
    if kind == "tilt":
        return _tilt(samples, sample_rate, decibels)
    return samples * np.float32(10 ** (decibels / 20)) if kind == "gain" else samples


def _seed(view: str, pcm_digest: str) -> int:
    text = f"view revision {VIEW_REVISION}, {view}, {pcm_digest}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")


def _bandstop(samples: np.ndarray, sample_rate: float, rng: np.random.Generator) -> np.ndarray:
    """Without a band 40-120 Hz wide that lies within 40-600 Hz."""
    # Deferred, so that the command line can name views without loading scipy.
    from heartfeat.signals.filters import band_stop

    width = rng.uniform(40.0, 120.0)
    low = rng.uniform(40.0, max(40.0, min(600.0, 0.48 * sample_rate) - width))
    return band_stop(samples, sample_rate, low, low + width)


def _timemask(samples: np.ndarray, sample_rate: float, rng: np.random.Generator) -> np.ndarray:
    """With silent spans that add up to a tenth: one in each of several equal stretches."""
    spans = max(2, round(len(samples) / sample_rate / 5))
    masked = samples.copy()
    edges = np.linspace(0, len(samples), spans + 1).astype(int)
    lengths = np.diff(np.round(np.linspace(0, MASKED_SHARE * len(samples), spans + 1)).astype(int))
    for start, end, length in zip(edges[:-1], edges[1:], lengths, strict=True):
        at = int(rng.integers(start, max(start, end - length) + 1))
        masked[at : at + length] = 0
    return masked


def _tilt(samples: np.ndarray, sample_rate: float, decibels: float) -> np.ndarray:
    """Louder by so much at the upper end of `TILTED_HZ`, softer at the lower one, straight in octaves between them."""
    spectrum = np.fft.rfft(samples.astype(np.float64))
    frequency = np.fft.rfftfreq(len(samples), 1 / sample_rate)
    low, high = np.log2(TILTED_HZ)
    octave = np.log2(np.clip(frequency, *TILTED_HZ))
    slope = decibels * (2 * octave - low - high) / (high - low)
    return np.fft.irfft(spectrum * 10 ** (slope / 20), n=len(samples)).astype(np.float32)


def _noise(samples: np.ndarray, ratio: float, rng: np.random.Generator) -> np.ndarray:
    """With white noise at a signal-to-noise ratio in dB."""
    level = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
    noise = rng.standard_normal(len(samples), dtype=np.float32)
    return samples + noise * np.float32(level * 10 ** (-ratio / 20))
