"""What a checkpoint says of its own making: which patients it heard, with which labels, under which settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from heartfeat.backbones.trained_on import TRAINING_FILE
from heartfeat.errors import BackboneError
from heartfeat.pretraining.sounds import Sounds, Source


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
    data
        Per cohort, what was learned from; see :func:`describe_data`.
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
    data: Sequence[Mapping[str, Any]] = field(default_factory=tuple)

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


def describe_data(
    sounds: Sounds, learned: np.ndarray, held_out: np.ndarray, cohorts: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Per cohort: ``recordings``, ``patients``, ``people`` and ``hours`` learned from, and what was not.

    Parameters
    ----------
    learned, held_out
        Numbers of the recordings that were learned from, and of those that the probe watched.
    cohorts
        By name: what else is to be said of each, such as its ``dataset`` and what was ``left_out`` of it.
    """
    lengths = np.diff(sounds.offsets) / sounds.sample_rate / 3600
    described = []
    for name, more in cohorts.items():
        own, watched = (
            [r for r in chosen.tolist() if sounds.sources[r].cohort == name] for chosen in (learned, held_out)
        )
        described.append(
            {
                "name": name,
                **more,
                "recordings": len(own),
                "patients": len({sounds.sources[r].patient for r in own}),
                "people": len({sounds.sources[r].person for r in own}),
                "hours": round(float(lengths[own].sum()), 3),
                "held_out": len({sounds.sources[r].person for r in watched}),
            }
        )
    return described
