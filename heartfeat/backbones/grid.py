"""An encoder's time grid; free of torch, so that planning is quick."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from heartfeat.backbones.windows import Window
from heartfeat.errors import BackboneError

WINDOW_SECONDS = 5.0
"""Window where nobody says otherwise (s)."""


@dataclass(frozen=True)
class Grid:
    """An encoder's input and the time grid of its output.

    Attributes
    ----------
    sample_rate
        Of the input (Hz).
    hop
        Samples from one frame of the output to the next.
    frames
        Frames of one window.
    samples
        Length of one window.
    lead
        Samples of the window before the first frame's ``hop`` samples.
    level_dbfs
        Root mean square that the encoder expects of its input (dB re 1.0).
    hidden, depth
        Width of a hidden state, and the number of the last one (the output); 0 is the input to the first
        layer.
    transform
        Other numbers that bear on the features.
    band
        What the encoder is used to of a heart sound (Hz).
    """

    sample_rate: int
    hop: int
    frames: int
    samples: int
    lead: int
    level_dbfs: float
    hidden: int
    depth: int
    transform: Mapping[str, Any] = field(default_factory=dict)
    band: tuple[float, float] = (20.0, 800.0)

    def window(self, token_rate: float | None) -> Window:
        """The window on the grid of tokens, pooled to ``token_rate`` (Hz) or left at the encoder's own rate.

        Raises
        ------
        BackboneError
            When the rate is above the encoder's own, or does not divide the sample rate.
        """
        own = self.sample_rate / self.hop
        hop = self.sample_rate / (token_rate or own)
        if hop < self.hop or not hop.is_integer():
            raise BackboneError(
                f"token_rate {token_rate} does not fit {own:g} tokens/s at {self.sample_rate} Hz; "
                f"choose at most {own:g}, dividing {self.sample_rate}, or leave it out"
            )
        tokens = self.frames * self.hop // int(hop)
        if tokens < 1:
            raise BackboneError(
                f"a window of {self.samples / self.sample_rate:g} s holds no token of {hop} samples"
            )
        tail = self.samples - self.lead - tokens * int(hop)
        return Window(int(hop), tokens, self.lead, tail)

    def layers(self, wanted: Sequence[int]) -> tuple[int, ...]:
        """Layer numbers counted from 0, of numbers that may count from the end.

        Raises
        ------
        BackboneError
            When there is no such layer.
        """
        count = self.depth + 1
        missing = [layer for layer in wanted if not -count <= layer < count]
        if missing:
            raise BackboneError(
                f"there is no layer {missing[0]}; this encoder has 0 to {self.depth}, -1 the last"
            )
        return tuple(layer % count for layer in wanted)
