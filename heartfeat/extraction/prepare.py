"""From a file to levelled signals in all wanted views: the part of the work that needs no device."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from heartfeat.backbones.backbone import BackboneSpec
from heartfeat.backbones.preprocessing import Preprocessing, check_rate, preprocess
from heartfeat.errors import RecordingError
from heartfeat.extraction.facts import OK, SKIPPED, Facts, mark_file
from heartfeat.extraction.feature_sets import BlockKey
from heartfeat.extraction.ledger import Unit
from heartfeat.signals.quality import quality_figures
from heartfeat.signals.recording import Recording, read_recording
from heartfeat.views import apply_view


@dataclass(frozen=True)
class Prepared:
    """A recording that is ready to be encoded.

    Attributes
    ----------
    facts
        What was seen of it.
    signals
        ``(n,)`` float32 at the backbone's sample rate, per block to compute.
    seconds
        Time that this took (s).
    """

    facts: Facts
    signals: Mapping[BlockKey, np.ndarray]
    seconds: float


def prepare(
    unit: Unit, specs: Mapping[str, BackboneSpec], claim: Callable[[Facts], list[BlockKey]]
) -> Prepared:
    """Decode a recording, ask which of its blocks are wanted, and make their signals.

    Parameters
    ----------
    unit
        The recording.
    specs
        Backbones by core key.
    claim
        Says which blocks to compute.
    """
    started = time.perf_counter()
    facts, recording = look_at(unit, [spec.preprocessing for spec in specs.values()])
    keys = claim(facts)
    signals: dict[BlockKey, np.ndarray] = {}
    if recording is not None:
        for core_key, spec in specs.items():
            wanted = [key for key in keys if key.core_key == core_key]
            signals.update(_views(recording, spec, wanted) if wanted else {})
    return Prepared(facts, signals, time.perf_counter() - started)


def look_at(unit: Unit, targets: Iterable[Preprocessing] = ()) -> tuple[Facts, Recording | None]:
    """What there is to know of a recording, and its samples unless it cannot be used for ``targets``."""
    mark = mark_file(unit.path)
    try:
        recording = read_recording(unit.path)
        for target in targets:
            check_rate(recording.sample_rate, target)
    except RecordingError as error:
        return Facts(unit.recording, mark, SKIPPED, error.reason, detail=error.detail), None
    facts = Facts(
        recording=unit.recording,
        mark=mark,
        status=OK,
        pcm_digest=recording.pcm_digest,
        sample_rate=recording.sample_rate,
        duration=recording.duration,
        quality=quality_figures(recording.samples, recording.sample_rate),
    )
    return facts, recording


def _views(recording: Recording, spec: BackboneSpec, keys: list[BlockKey]) -> dict[BlockKey, np.ndarray]:
    target = spec.preprocessing
    levelled = preprocess(recording.samples, recording.sample_rate, target)
    return {key: apply_view(key.view, levelled, target.sample_rate, key.pcm_digest) for key in keys}
