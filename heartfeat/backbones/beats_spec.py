"""Description of the backbone of heart cycles; free of torch, so that planning is quick."""

from heartfeat.backbones.backbone import BackboneSpec
from heartfeat.backbones.logmel_spec import FLOOR, fft_length
from heartfeat.backbones.logmel_spec import REVISION as LOGMEL_REVISION
from heartfeat.backbones.preprocessing import LEVEL_DBFS, Preprocessing
from heartfeat.backbones.settings import BeatsSettings
from heartfeat.backbones.windows import Window

REVISION = 1
"""Raised when any feature changes for a reason other than log-mel or segmentation."""

STATISTICS = ("mean", "std", "p10", "p90")
"""Pooled statistics: tokens are long, and a step from beat to beat has no duration."""


def beat_frame(settings: BeatsSettings) -> int:
    """Samples under the taper of one phase."""
    return round(settings.frame_seconds * settings.sample_rate)


def describe_beats(settings: BeatsSettings) -> BackboneSpec:
    """The description of a backbone that makes one token of each heart cycle."""
    frame, phases = beat_frame(settings), sum(settings.phases)
    return BackboneSpec(
        name=settings.name,
        family="beats",
        identifier="beats",
        weights_digest=None,
        preprocessing=Preprocessing(
            settings.sample_rate, settings.low, settings.high, LEVEL_DBFS, settings.remove_spikes
        ),
        window=Window(hop=phases * frame, tokens=1),
        dim=phases * settings.bands,
        revision=REVISION,
        windows=settings.windows,
        transform={
            "phases": list(settings.phases),
            "bands": settings.bands,
            "low": settings.low,
            "high": settings.high,
            "frame": frame,
            "fft": fft_length(frame),
            "floor": FLOOR,
            "logmel": LOGMEL_REVISION,
        },
        statistics=STATISTICS,
    )
