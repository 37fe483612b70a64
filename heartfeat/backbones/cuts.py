"""A recording cut into windows, at fixed steps, at heart cycles or one per cycle, and its tokens put together again."""

from dataclasses import dataclass

import numpy as np

from heartfeat.backbones.backbone import BackboneSpec
from heartfeat.backbones.beat_windows import cut_beat_windows
from heartfeat.backbones.cycle_windows import cut_cycle_windows, stitch_cycles
from heartfeat.backbones.windows import cut_windows, stitch, token_count
from heartfeat.signals.segmentation.states import S1, onsets


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
        ``(W,)`` leading tokens that count of each window at heart cycles, or of one cycle each; None for windows at
        fixed steps.
    """

    windows: np.ndarray
    tokens: int
    kept: np.ndarray | None = None

    def stitch(self, encoded: np.ndarray, spec: BackboneSpec) -> np.ndarray:
        """``(tokens, D)`` of the recording from ``(W, window.tokens, D)`` of its windows."""
        if self.kept is None:
            return stitch(encoded, self.tokens, spec.window)
        return stitch_cycles(encoded, self.kept)


def cut(samples: np.ndarray, spec: BackboneSpec, states: np.ndarray | None = None) -> Cut:
    """Cut a recording as its backbone asks.

    Parameters
    ----------
    samples
        ``(n,)`` float32 at the backbone's sample rate.
    states
        ``(frames,)`` uint8 states of the cardiac cycle at 50 Hz; used for all windows but those at fixed steps.
    """
    if spec.windows == "fixed":
        return Cut(cut_windows(samples, spec.window), token_count(len(samples), spec.window.hop))
    states = np.empty(0, np.uint8) if states is None else states
    sample_rate = spec.preprocessing.sample_rate
    if spec.windows == "beats":
        windows = cut_beat_windows(
            samples, states, sample_rate, spec.transform["phases"], spec.transform["frame"]
        )
        return Cut(windows, len(windows), np.ones(len(windows), np.int64))
    windows, kept = cut_cycle_windows(samples, onsets(states, S1), sample_rate, spec.window)
    return Cut(windows, int(kept.sum()), kept)
