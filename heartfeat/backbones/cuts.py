"""A recording cut into windows, at fixed steps, at heart cycles or one per cycle, and its tokens put together again."""

from dataclasses import dataclass

import numpy as np

from heartfeat.backbones.backbone import BackboneSpec
from heartfeat.backbones.beat_windows import beats_or_plain, cut_beat_windows
from heartfeat.backbones.cycle_windows import cut_cycle_windows, stitch_cycles
from heartfeat.backbones.phase_means import phase_means
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
        Tokens that the encoder makes of the recording.
    kept
        ``(W,)`` leading tokens that count of each window at heart cycles, or of one cycle each; None for windows at
        fixed steps.
    beats
        ``(beats, 5)`` heart cycles (s) that an encoder's tokens are averaged over; None where they are left alone.
    """

    windows: np.ndarray
    tokens: int
    kept: np.ndarray | None = None
    beats: np.ndarray | None = None

    def stitch(self, encoded: np.ndarray, spec: BackboneSpec) -> np.ndarray:
        """``(tokens or beats, D)`` of the recording from ``(W, window.tokens, channels)`` of its windows."""
        if self.kept is not None:
            return stitch_cycles(encoded, self.kept)
        tokens = stitch(encoded, self.tokens, spec.window)
        if self.beats is None:
            return tokens
        step = spec.window.hop / spec.preprocessing.sample_rate
        return phase_means(tokens, step, self.beats, spec.phases)


def cut(samples: np.ndarray, spec: BackboneSpec, states: np.ndarray | None = None) -> Cut:
    """Cut a recording as its backbone asks.

    Parameters
    ----------
    samples
        ``(n,)`` float32 at the backbone's sample rate.
    states
        ``(frames,)`` uint8 states of the cardiac cycle at 50 Hz; used for all windows but those at fixed steps.
    """
    states = np.empty(0, np.uint8) if states is None else states
    sample_rate = spec.preprocessing.sample_rate
    if spec.windows == "fixed" or spec.phases:
        beats = beats_or_plain(states, len(samples) / sample_rate, spec.phases) if spec.phases else None
        tokens = token_count(len(samples), spec.window.hop)
        return Cut(cut_windows(samples, spec.window), tokens, beats=beats)
    if spec.windows == "beats":
        windows = cut_beat_windows(
            samples, states, sample_rate, spec.transform["phases"], spec.transform["frame"]
        )
        return Cut(windows, len(windows), np.ones(len(windows), np.int64))
    windows, kept = cut_cycle_windows(samples, onsets(states, S1), sample_rate, spec.window)
    return Cut(windows, int(kept.sum()), kept)
