"""The cardiac cycle: annotated states, automatic ones, and how well the two agree."""

from heartfeat.signals.segmentation.annotation import annotated_states, read_annotation, write_annotation
from heartfeat.signals.segmentation.automatic import cardiac_states, segment
from heartfeat.signals.segmentation.segmenter import SEGMENTATION_REVISION
from heartfeat.signals.segmentation.states import DIASTOLE, FRAME_RATE, S1, S2, SYSTOLE, onsets

__all__ = [
    "DIASTOLE",
    "FRAME_RATE",
    "S1",
    "S2",
    "SEGMENTATION_REVISION",
    "SYSTOLE",
    "annotated_states",
    "cardiac_states",
    "onsets",
    "read_annotation",
    "segment",
    "write_annotation",
]
