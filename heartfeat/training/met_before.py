"""Test patients whom a backbone met in its own training: scores on them are not those of new patients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from heartfeat.backbones.trained_on import TrainedOn, familiar, trained_on
from heartfeat.stores.store import Store

SCORES = "these scores are not those of new patients"
PREDICTIONS = "what is predicted of them is no independent judgement"
CHOICES = "settings that are best by these scores need not be so for new patients"


@dataclass(frozen=True)
class Met:
    """Patients of one fold, or of a store, whom the backbone of a feature set was trained on.

    Attributes
    ----------
    features
        Name of the feature set.
    kind, labels
        See :class:`heartfeat.backbones.trained_on.TrainedOn`.
    patients
        Their ids in the store.
    tested
        How many patients were looked at.
    """

    features: str
    kind: str
    labels: str | None
    patients: list[str]
    tested: int


def met_by_fold(
    store: Store, features: Iterable[str], tested: Sequence[Sequence[str]]
) -> list[list[dict[str, Any]]]:
    """For every fold, as ``run.json`` keeps it, whom of its ``tested`` patients backbones met; see :class:`Met`.

    Raises
    ------
    BackboneError
        When the attribute ``trained_on`` of a feature set is damaged.
    """
    persons = dict(store.patients.select("patient", "person").iter_rows())
    cohort = str(store.attrs.get("cohort", ""))
    trainings = [
        (name, training, set(training.met(cohort, persons)))
        for name in features
        for training in trained_on(store.features(name).attrs.get("trained_on"))
    ]
    return [
        [
            asdict(Met(name, training.kind, training.labels, there, len(fold)))
            for name, training, met in trainings
            if (there := [patient for patient in fold if patient in met])
        ]
        for fold in tested
    ]


def warnings(
    met: Sequence[Sequence[Mapping[str, Any]]], so: str = SCORES, whose: str = "test patients"
) -> list[str]:
    """One line per feature set and training, those of labels first; none where nobody was met."""
    by_training: dict[tuple[str, str, str | None], dict[int, Met]] = {}
    for number, fold in enumerate(met):
        for given in fold:
            one = Met(**given)
            by_training.setdefault((one.features, one.kind, one.labels), {})[number] = one
    lines = []
    for (features, kind, labels), folds in sorted(by_training.items(), key=lambda item: item[0][2] is None):
        count, of = (
            sum(numbers)
            for numbers in zip(*((len(one.patients), one.tested) for one in folds.values()), strict=True)
        )
        whom = f"{whose} of fold{'s' if len(folds) > 1 else ''} {', '.join(map(str, folds))}"
        lines.append(TrainedOn(kind, labels, {}).sentence(features, count, of, whom, so))
    return lines


def warnings_of_store(store: Store, features: Iterable[str]) -> list[str]:
    """One line per feature set and training that met patients of ``store``, for those who predict all of them."""
    persons = dict(store.patients.select("patient", "person").iter_rows())
    cohort = str(store.attrs.get("cohort", ""))
    trainings = {name: trained_on(store.features(name).attrs.get("trained_on")) for name in features}
    return familiar(trainings, cohort, persons, f"patients of {store.uri}", PREDICTIONS)


def counts(met: Sequence[Sequence[Mapping[str, Any]]]) -> tuple[int, int]:
    """How many different test patients were seen with labels, and how many without only."""
    with_labels, without = (
        {
            (number, patient)
            for number, fold in enumerate(met)
            for one in fold
            if (one["labels"] is not None) == labelled
            for patient in one["patients"]
        }
        for labelled in (True, False)
    )
    return len(with_labels), len(without - with_labels)


def joined(
    records: Sequence[Sequence[Sequence[Mapping[str, Any]]]], folds: int
) -> list[list[dict[str, Any]]]:
    """What runs on the same folds recorded, as one: every patient whom any run's backbones met."""
    together: list[list[dict[str, Any]]] = []
    for number in range(folds):
        by_training: dict[tuple[str, str, str | None], Met] = {}
        for record in records:
            for given in record[number] if number < len(record) else ():
                one = Met(**given)
                key = (one.features, one.kind, one.labels)
                before = by_training.get(key, Met(*key, [], 0))
                patients = list(dict.fromkeys((*before.patients, *one.patients)))
                by_training[key] = Met(*key, patients, max(before.tested, one.tested, len(patients)))
        together.append([asdict(one) for one in by_training.values()])
    return together if any(together) else []
