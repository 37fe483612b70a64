"""From a file to windows in all wanted views: the part of the work that needs no device."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from heartfeat.backbones.backbone import BackboneSpec
from heartfeat.backbones.cuts import Cut, cut
from heartfeat.backbones.preprocessing import preprocess
from heartfeat.errors import RecordingError
from heartfeat.extraction.facts import OK, SKIPPED, Facts, FileMark, mark_file
from heartfeat.extraction.feature_sets import BlockKey
from heartfeat.extraction.ledger import Unit
from heartfeat.signals.quality import quality_figures
from heartfeat.signals.recording import Recording, read_recording
from heartfeat.signals.segmentation import segment
from heartfeat.views import apply_view


@dataclass(frozen=True)
class Prepared:
    """A recording that is ready to be encoded.

    Attributes
    ----------
    facts
        What was seen of it.
    cuts
        Windows per block to compute.
    seconds
        Time that this took (s).
    """

    facts: Facts
    cuts: Mapping[BlockKey, Cut]
    seconds: float


@dataclass(frozen=True)
class Heard:
    """A recording's samples and the states of its cardiac cycle.

    Attributes
    ----------
    recording
        As decoded.
    states
        ``(frames,)`` uint8 states at 50 Hz by the automatic segmenter, for they must exist for any audio. Found before
        the views, so that all views of a recording have the same beats.
    """

    recording: Recording
    states: np.ndarray


def look_at(unit: Unit) -> tuple[Facts, Heard | None]:
    """What there is to know of a recording, and its sound unless it cannot be used."""
    mark = mark_file(unit.path)
    try:
        recording = read_recording(unit.path)
    except RecordingError as error:
        return _skipped(unit, mark, error), None
    heard = Heard(recording, segment(recording.samples, recording.sample_rate))
    facts = Facts(
        recording=unit.recording,
        mark=mark,
        status=OK,
        pcm_digest=recording.pcm_digest,
        sample_rate=recording.sample_rate,
        duration=recording.duration,
        quality=quality_figures(recording.samples, recording.sample_rate, heard.states),
    )
    return facts, heard


def refused(unit: Unit) -> Facts | None:
    """Why a recording cannot be used, or None where it can."""
    mark = mark_file(unit.path)
    try:
        read_recording(unit.path)
    except RecordingError as error:
        return _skipped(unit, mark, error)
    return None


def cut_views(
    heard: Heard, specs: Mapping[str, BackboneSpec], keys: Iterable[BlockKey]
) -> dict[BlockKey, Cut]:
    """The windows of a recording's blocks; ``specs`` are backbones by core key."""
    wanted, recording = list(keys), heard.recording
    used = {key.core_key: specs[key.core_key] for key in wanted}
    cuts: dict[BlockKey, Cut] = {}
    for core_key, spec in used.items():
        target = spec.preprocessing
        levelled = preprocess(recording.samples, recording.sample_rate, target)
        for key in wanted:
            if key.core_key == core_key:
                view = apply_view(key.view, levelled, target.sample_rate, key.pcm_digest)
                cuts[key] = cut(view, spec, heard.states)
    return cuts


def _skipped(unit: Unit, mark: FileMark, error: RecordingError) -> Facts:
    return Facts(unit.recording, mark, SKIPPED, error.reason, detail=error.detail)
