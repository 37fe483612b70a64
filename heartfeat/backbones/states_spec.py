"""Description of the cardiac-state backbone; free of torch, so that planning is quick."""

from functools import cache
from hashlib import sha256
from importlib import resources

from heartfeat.backbones.backbone import BackboneSpec
from heartfeat.backbones.preprocessing import LEVEL_DBFS, Preprocessing
from heartfeat.backbones.settings import StatesSettings
from heartfeat.backbones.windows import Window
from heartfeat.signals.segmentation import FRAME_RATE, SEGMENTATION_REVISION

REVISION = 1
"""Raised when any feature changes for a reason other than the segmentation."""

SAMPLE_RATE = 2000
LOW, HIGH = 20.0, 800.0

STATES = ("S1", "systole", "S2", "diastole")
"""Dimensions of a token."""


def describe_states(settings: StatesSettings) -> BackboneSpec:
    """The description of a backbone that finds the states of the cardiac cycle."""
    return BackboneSpec(
        name=settings.name,
        family="states",
        identifier="states",
        weights_digest=_segmenter_digest(),
        preprocessing=Preprocessing(SAMPLE_RATE, LOW, HIGH, LEVEL_DBFS, settings.remove_spikes),
        window=Window(SAMPLE_RATE // FRAME_RATE, round(settings.window_seconds * FRAME_RATE)),
        dim=len(STATES),
        revision=REVISION,
        windows=settings.windows,
        transform={"states": list(STATES), "segmentation": SEGMENTATION_REVISION},
    )


@cache
def _segmenter_digest() -> str:
    """SHA-256 of the parameters that come with the package."""
    return sha256(
        resources.files("heartfeat.signals.segmentation").joinpath("circor.safetensors").read_bytes()
    ).hexdigest()
