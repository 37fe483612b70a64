"""A recording cut into windows, at fixed steps or at heart cycles, and its tokens put together again."""

from dataclasses import dataclass

import numpy as np

from heartfeat.backbones.backbone import BackboneSpec
from heartfeat.backbones.cycle_windows import cut_cycle_windows, stitch_cycles
from heartfeat.backbones.windows import cut_windows, stitch, token_count


@dataclass(frozen=True)
class Cut:
    """Windows of one recording.

    Attributes
    ----------
    windows
        ``(W, window.samples)`` float32.
    tokens
        Tokens of the recording.
    kept
        ``(W,)`` leading tokens that count of each window at heart cycles; None for windows at fixed steps.
    """

    windows: np.ndarray
    tokens: int
    kept: np.ndarray | None = None

    def stitch(self, encoded: np.ndarray, spec: BackboneSpec) -> np.ndarray:
        """``(tokens, D)`` of the recording from ``(W, window.tokens, D)`` of its windows."""
        if self.kept is None:
            return stitch(encoded, self.tokens, spec.window)
        return stitch_cycles(encoded, self.kept)


def cut(samples: np.ndarray, spec: BackboneSpec, s1_onsets: np.ndarray | None = None) -> Cut:
    """Cut a recording as its backbone asks.

    Parameters
    ----------
    samples
        ``(n,)`` float32 at the backbone's sample rate.
    s1_onsets
        ``(k,)`` float64 onsets of the first heart sounds (s); used for windows at heart cycles.
    """
    if spec.windows == "fixed":
        return Cut(cut_windows(samples, spec.window), token_count(len(samples), spec.window.hop))
    onsets = np.empty(0) if s1_onsets is None else s1_onsets
    windows, kept = cut_cycle_windows(samples, onsets, spec.preprocessing.sample_rate, spec.window)
    return Cut(windows, int(kept.sum()), kept)
