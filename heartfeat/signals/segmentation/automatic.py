"""The states of the cardiac cycle of any recording."""

import numpy as np

from heartfeat.signals.segmentation.annotation import annotated_states
from heartfeat.signals.segmentation.durations import cycle_candidates, duration_tables
from heartfeat.signals.segmentation.emissions import log_posteriors
from heartfeat.signals.segmentation.envelopes import log_envelopes
from heartfeat.signals.segmentation.segmenter import Segmenter, default_segmenter
from heartfeat.signals.segmentation.states import UNANNOTATED
from heartfeat.signals.segmentation.viterbi import decode

# Neighbouring frames see nearly the same sound, so their evidence counts half.
_EVIDENCE = 0.5
# Log odds of an annotated state.
_CERTAIN = 40.0


def segment(samples: np.ndarray, sample_rate: float, segmenter: Segmenter | None = None) -> np.ndarray:
    """Find the states of the cardiac cycle.

    A small convolutional network gives the probability of each state per frame, from the energy in narrow
    bands; a hidden semi-Markov model whose durations follow the heart rate makes a sequence of them (family of
    Schmidt et al. 2010 and Springer et al. 2016). Every frame gets a state, be it noise or silence.

    Parameters
    ----------
    samples
        ``(n,)`` float32, n at least 1, as decoded; the level does not matter.
    sample_rate
        In Hz, 200 or more.
    segmenter
        Fitted parameters, in place of those that come with the package.

    Returns
    -------
    states
        ``(frames,)`` uint8 at 50 Hz: 1 S1, 2 systole, 3 S2, 4 diastole.
    """
    return _decode(samples, sample_rate, segmenter, None)


def cardiac_states(
    samples: np.ndarray,
    sample_rate: float,
    annotation: np.ndarray | None = None,
    segmenter: Segmenter | None = None,
) -> np.ndarray:
    """Annotated states where there are any; elsewhere those that :func:`segment` finds to go with them.

    Parameters
    ----------
    samples
        ``(n,)`` float32, n at least 1, as decoded.
    sample_rate
        In Hz, 200 or more.
    annotation
        ``(rows, 3)`` of start (s), end (s) and state, as :func:`read_annotation` gives it.
    segmenter
        Fitted parameters, in place of those that come with the package.

    Returns
    -------
    states
        ``(frames,)`` uint8 at 50 Hz: 1 S1, 2 systole, 3 S2, 4 diastole.
    """
    if annotation is None or not len(annotation):
        return segment(samples, sample_rate, segmenter)
    known = annotated_states(annotation, len(samples) / sample_rate)
    if (known != UNANNOTATED).all():
        return known
    found = _decode(samples, sample_rate, segmenter, known)
    return np.where(known == UNANNOTATED, found, known)


def _decode(
    samples: np.ndarray, sample_rate: float, segmenter: Segmenter | None, known: np.ndarray | None
) -> np.ndarray:
    segmenter = segmenter or default_segmenter()
    evidence = log_posteriors(log_envelopes(samples, sample_rate), segmenter)
    if known is not None:
        at = np.flatnonzero(known)
        evidence[at] = -_CERTAIN
        evidence[at, known[at] - 1] = 0.0
    tables = duration_tables(cycle_candidates(evidence), segmenter)
    path, _ = decode(_EVIDENCE * (evidence - segmenter.log_prior), *tables)
    return path + np.uint8(1)
