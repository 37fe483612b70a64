"""What a checkpoint says of its own making: which patients it heard, with which labels, under which settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from heartfeat.backbones.trained_on import TRAINING_FILE
from heartfeat.errors import BackboneError
from heartfeat.pretraining.sounds import Source


@dataclass(frozen=True)
class TrainingRecord:
    """How a checkpoint came to be.

    Attributes
    ----------
    kind
        ``"pretrain"`` or ``"finetune"``.
    heartfeat
        Version that trained it.
    labels
        Name of the task whose labels were read, or None.
    seen
        Patient ids that were trained on, by cohort.
    settings
        Of the training, without paths.
    recordings, hours
        How much was learned from.
    seconds
        Time of the training.
    machine
        Device, threads and precision, in words.
    skipped
        Recordings that could not be used, by reason.
    history
        One dict per look; see the loops.
    source
        Of a fine-tuning: ``weights`` (digest) and ``training`` (record or None) of the checkpoint that it began with.
    """

    kind: str
    heartfeat: str
    labels: str | None
    seen: Mapping[str, Sequence[str]]
    settings: Mapping[str, Any]
    recordings: int
    hours: float
    seconds: float
    machine: str
    skipped: Mapping[str, int] = field(default_factory=dict)
    history: Sequence[Mapping[str, float]] = field(default_factory=tuple)
    source: Mapping[str, Any] | None = None

    def write(self, folder: Path) -> None:
        """Write ``training.json`` into a checkpoint's folder."""
        (folder / TRAINING_FILE).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> TrainingRecord:
        """Read it back.

        Raises
        ------
        BackboneError
            When it is missing or damaged.
        """
        path = folder / TRAINING_FILE
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise BackboneError(f"{path} cannot be read: {error}") from error


def seen_patients(sources: Sequence[Source]) -> dict[str, list[str]]:
    """Patient ids of these recordings, by cohort, each once and in order."""
    seen: dict[str, dict[str, None]] = {}
    for source in sources:
        seen.setdefault(source.cohort, {})[source.patient] = None
    return {cohort: list(patients) for cohort, patients in seen.items()}
