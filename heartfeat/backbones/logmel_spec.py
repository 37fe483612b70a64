"""Description of the log-mel backbone; free of torch, so that planning is quick."""

import math

from heartfeat.backbones.backbone import BackboneSpec
from heartfeat.backbones.preprocessing import LEVEL_DBFS, Preprocessing
from heartfeat.backbones.settings import LogMelSettings
from heartfeat.backbones.windows import Window

REVISION = 1
"""Raised when any log-mel feature changes."""

FLOOR = 1e-8
"""Power added before the logarithm, relative to the normalised level (-80 dB)."""


def frame_length(settings: LogMelSettings) -> int:
    """Samples under one token's taper: as many more than the hop on both sides."""
    hop = token_hop(settings)
    return hop + 2 * round((settings.frame_seconds * settings.sample_rate - hop) / 2)


def token_hop(settings: LogMelSettings) -> int:
    """Samples from one token to the next."""
    return round(settings.sample_rate / settings.token_rate)


def fft_length(frame: int) -> int:
    """At least twice the frame, so that narrow mel bands hold several frequency bins."""
    return 2 ** math.ceil(math.log2(2 * frame))


def describe_logmel(settings: LogMelSettings) -> BackboneSpec:
    """The description of a log-mel backbone with these settings."""
    hop = token_hop(settings)
    margin = (frame_length(settings) - hop) // 2
    return BackboneSpec(
        name=settings.name,
        family="logmel",
        identifier="logmel",
        weights_digest=None,
        preprocessing=Preprocessing(
            settings.sample_rate, settings.low, settings.high, LEVEL_DBFS, settings.remove_spikes
        ),
        window=Window(hop, round(settings.window_seconds * settings.token_rate), lead=margin, tail=margin),
        dim=settings.bands,
        revision=REVISION,
        windows=settings.windows,
        transform={
            "bands": settings.bands,
            "low": settings.low,
            "high": settings.high,
            "frame": frame_length(settings),
            "fft": fft_length(frame_length(settings)),
            "floor": FLOOR,
        },
    )
