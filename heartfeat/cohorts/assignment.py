"""Divide people over sides so that every side gets its share of every label."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from heartfeat.errors import SplitError

Group = tuple[str, ...]


def assign_groups(
    persons: Mapping[str, str],
    strata: Mapping[str, str | None],
    fractions: Sequence[float],
    rng: np.random.Generator,
) -> list[list[str]]:
    """Divide patients over sides, each person on one side, each label spread as ``fractions`` says.

    People with several patient ids go first, to the side that lacks their labels most; the others then fill
    what is left of every label's quota, so counts are off by more than rounding only where the people with
    several ids leave no choice.

    Parameters
    ----------
    persons
        Patient -> person.
    strata
        Patient -> label; no label (None) is a stratum of its own.
    fractions
        Share of each side, summing to 1.

    Returns
    -------
    sides
        Patient ids per side, in the order of ``persons``.

    Raises
    ------
    SplitError
        When there are fewer people than sides.
    """
    members: dict[str, list[str]] = {}
    for patient, person in persons.items():
        members.setdefault(person, []).append(patient)
    if len(members) < len(fractions):
        raise SplitError(
            f"{len(members)} people cannot be divided over {len(fractions)} sides; ask for fewer"
        )
    room = _quotas(Counter(strata[patient] for patient in persons), np.asarray(fractions))
    groups = [tuple(patients) for patients in members.values()]
    order = [groups[at] for at in rng.permutation(len(groups))]
    order.sort(key=len, reverse=True)
    sides: list[list[Group]] = [[] for _ in fractions]
    for group in order:
        side = _roomiest(group, strata, room)
        sides[side].append(group)
        for patient in group:
            room[strata[patient]][side] -= 1
    _fill_empty(sides)
    return _in_order(sides, list(persons))


def _quotas(counts: Counter[str | None], fractions: np.ndarray) -> dict[str | None, np.ndarray]:
    """How many patients of each stratum each side should get.

    Whole numbers by largest remainder; what rounding took from a side in one stratum counts in its favour in
    the next, so that the sides' totals come out right as well.
    """
    quotas: dict[str | None, np.ndarray] = {}
    owed = np.zeros(len(fractions))
    for stratum, count in sorted(counts.items(), key=lambda item: (-item[1], str(item[0]))):
        exact = count * fractions
        quota = np.floor(exact + 1e-9)
        owed += exact - quota
        for _ in range(count - int(quota.sum())):
            side = int(np.argmax(owed))
            quota[side] += 1
            owed[side] -= 1
        quotas[stratum] = quota
    return quotas


def _roomiest(group: Group, strata: Mapping[str, str | None], room: Mapping[str | None, np.ndarray]) -> int:
    """The side with the most room for the group's labels, then the most room altogether."""
    own = np.sum([room[strata[patient]] for patient in group], axis=0)
    total = np.sum(list(room.values()), axis=0)
    return max(range(len(total)), key=lambda side: (own[side], total[side]))


def _fill_empty(sides: list[list[Group]]) -> None:
    """Give every empty side one person of the side that has most, its last and so smallest."""
    for side in sides:
        if not side:
            side.append(max(sides, key=len).pop())


def _in_order(sides: list[list[Group]], patients: list[str]) -> list[list[str]]:
    rank = {patient: at for at, patient in enumerate(patients)}
    return [sorted((patient for group in side for patient in group), key=rank.__getitem__) for side in sides]
