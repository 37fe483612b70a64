"""Heart cycles as a backbone: each beat's log-mel spectrogram on a grid of cardiac phases is one token."""

from torch import Tensor, nn

from heartfeat.backbones.backbone import Backbone
from heartfeat.backbones.beats_spec import beat_frame, describe_beats
from heartfeat.backbones.logmel import MelFrames
from heartfeat.backbones.settings import BeatsSettings


class BeatMel(nn.Module):
    """Log-mel frames of each beat, all bands of the first phase, then of the next."""

    def __init__(self, settings: BeatsSettings, level_power: float) -> None:
        super().__init__()
        self.frame = beat_frame(settings)
        self.mel = MelFrames(settings, self.frame, level_power)

    def forward(self, windows: Tensor) -> Tensor:
        """``(B, phases x frame)`` audio to ``(B, 1, phases x bands)``."""
        frames = windows.unflatten(1, (-1, self.frame))
        return self.mel(frames).flatten(1).unsqueeze(1)


def load_beats(settings: BeatsSettings) -> Backbone:
    """The backbone of heart cycles with these settings."""
    spec = describe_beats(settings)
    return Backbone(spec, BeatMel(settings, 10 ** (spec.preprocessing.level_dbfs / 10)).eval())
