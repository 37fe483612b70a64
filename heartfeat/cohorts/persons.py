"""Which patient ids are one person."""

from collections.abc import Mapping


def group_persons(related: Mapping[str, str | None]) -> dict[str, str]:
    """Join patient ids that name each other, directly or through a third.

    Parameters
    ----------
    related
        Patient id -> another id of the same person, or None. The other id need not be a key: a subset of a
        cohort then still gives its people the names that the whole cohort gives them.

    Returns
    -------
    persons
        Patient id -> person: the smallest id of the group, by number where ids are numbers.
    """
    parent: dict[str, str] = {}

    def root(patient: str) -> str:
        parent.setdefault(patient, patient)
        while parent[patient] != patient:
            parent[patient] = parent[parent[patient]]
            patient = parent[patient]
        return patient

    for patient, other in related.items():
        ends = sorted((root(patient), root(patient if other is None else other)), key=_rank)
        parent[ends[1]] = ends[0]
    return {patient: root(patient) for patient in related}


def _rank(patient: str) -> tuple[bool, int, str]:
    number = patient.isascii() and patient.isdigit()
    return not number, int(patient) if number else 0, patient
