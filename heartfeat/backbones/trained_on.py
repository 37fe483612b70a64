"""Which patients a checkpoint met when it was trained, with their labels or without."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heartfeat.errors import BackboneError

TRAINING_FILE = "training.json"
"""What a training writes beside its weights; see :class:`heartfeat.pretraining.record.TrainingRecord`."""

ALOUD = "WARNING"
"""First word of a sentence on patients who were seen with their labels."""

_VERBS = {"pretrain": "pretrained", "finetune": "fine-tuned"}


@dataclass(frozen=True)
class TrainedOn:
    """One training that a checkpoint went through.

    Attributes
    ----------
    kind
        ``"pretrain"`` or ``"finetune"``.
    labels
        Name of the task whose labels were read, or None.
    patients
        Patient ids by name of the cohort.
    """

    kind: str
    labels: str | None
    patients: Mapping[str, tuple[str, ...]]

    def met(self, cohort: str, persons: Mapping[str, str]) -> list[str]:
        """Those of a cohort's patients who took part, under this id or another of the same person.

        Parameters
        ----------
        cohort
            Name of the cohort; of merged ones, their names joined by ``" + "``.
        persons
            Patient id -> person, in the order of the answer.
        """
        ids = {patient for name in (cohort, *cohort.split(" + ")) for patient in self.patients.get(name, ())}
        known = {persons[patient] for patient in ids if patient in persons}
        return [patient for patient, person in persons.items() if patient in ids or person in known]

    def sentence(self, features: str, met: int, of: int, whom: str, so: str) -> str:
        """What to tell people about ``met`` of ``of`` patients; ``so`` ends it where labels were seen."""
        when = f"when the backbone of {features!r} was {_VERBS.get(self.kind, self.kind)}"
        if self.labels is None:
            return f"note: {met} of {of} {whom} were heard, without labels, {when}"
        return f"{ALOUD}: {met} of {of} {whom} were seen WITH LABELS ({self.labels}) {when}: {so}"

    def as_json(self) -> dict[str, Any]:
        """What a store keeps of it."""
        patients = {cohort: list(ids) for cohort, ids in self.patients.items()}
        return {"kind": self.kind, "labels": self.labels, "patients": patients}


def familiar(
    trainings: Mapping[str, Iterable[TrainedOn]],
    cohort: str,
    persons: Mapping[str, str],
    whom: str,
    so: str,
    tested: Iterable[str] | None = None,
) -> list[str]:
    """One line per feature set and training that met any of these patients, those of labels first.

    Parameters
    ----------
    trainings
        Of the backbones, by feature set.
    cohort, persons
        See :meth:`TrainedOn.met`.
    whom, so
        What the patients are called, and what follows where labels were seen.
    tested
        Ids of the patients; None for the whole cohort.
    """
    patients = set(persons if tested is None else tested)
    lines = []
    for features, own in trainings.items():
        for training in own:
            met = len(patients & {*training.met(cohort, persons)})
            lines += [training.sentence(features, met, len(patients), whom, so)] if met else []
    return sorted(lines, key=lambda line: not line.startswith(ALOUD))


def trained_on(given: object) -> tuple[TrainedOn, ...]:
    """The trainings that a feature set's attribute ``trained_on`` lists; none where it has no such attribute.

    Raises
    ------
    BackboneError
        When it is of another form.
    """
    try:
        return tuple(_training(one, one["patients"]) for one in given or ())  # type: ignore[attr-defined]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BackboneError(f"the attribute trained_on of a feature set is damaged: {error!r}") from error


def read_trained_on(checkpoint: Path) -> tuple[TrainedOn, ...]:
    """The trainings that a checkpoint tells of, its own first, then those of the checkpoint that it came from.

    Parameters
    ----------
    checkpoint
        A folder, or a checkpoint file, which tells of none.

    Raises
    ------
    BackboneError
        When the folder's ``training.json`` is damaged.
    """
    path = checkpoint / TRAINING_FILE
    if not path.is_file():
        return ()
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        # Other people's checkpoints may hold a file of this name.
        if not isinstance(record, dict) or "heartfeat" not in record:
            return ()
        return tuple(_training(one, one["seen"]) for one in _lineage(record))
    except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise BackboneError(
            f"{path} cannot be read ({error!r}), so nobody knows whom this backbone has seen; restore the file"
        ) from error


def _lineage(record: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    while record is not None:
        yield record
        record = (record.get("source") or {}).get("training")


def _training(record: Mapping[str, Any], patients: Mapping[str, Any]) -> TrainedOn:
    labels = record["labels"]
    return TrainedOn(
        str(record["kind"]),
        None if labels is None else str(labels),
        {cohort: tuple(map(str, ids)) for cohort, ids in patients.items()},
    )
