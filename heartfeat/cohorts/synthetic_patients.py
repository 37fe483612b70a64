"""Who is in the synthetic cohort: labels, bodies, murmurs and where they are heard."""

from dataclasses import dataclass

import numpy as np

from heartfeat.cohorts.circor_fields import SITES
from heartfeat.signals.synthesis import Heart
from heartfeat.signals.synthetic_murmur import Murmur

BLOCK = ("Present",) * 5 + ("Unknown",) * 2 + ("Absent",) * 18
"""Labels of every 25 patients, in another order for every 25."""

FIRST_ID = 10_001

# Age band: share, height (cm) and weight (kg) of its ends, resting heart rate (beats/min).
_AGES = {
    "Neonate": (0.02, (48, 56), (2.8, 5.0), 140),
    "Infant": (0.13, (58, 84), (5.0, 12.0), 122),
    "Child": (0.68, (85, 145), (11.0, 42.0), 100),
    "Adolescent": (0.11, (140, 178), (38.0, 72.0), 82),
    "Young adult": (0.06, (150, 182), (48.0, 88.0), 78),
}
_OUTCOME = {"Present": 0.82, "Unknown": 0.6, "Absent": 0.36}
"""Share of Abnormal outcomes."""

_SITE_SETS = (
    SITES[:4],
    ("AV", "MV"),
    ("PV", "TV", "MV"),
    ("AV", "PV", "TV"),
    ("MV",),
    ("AV", "AV", "PV", "TV", "MV"),
    ("AV", "PV", "MV", "Phc"),
)
_SITE_SHARES = (0.64, 0.12, 0.08, 0.06, 0.05, 0.03, 0.02)


@dataclass(frozen=True)
class Body:
    """What two patient ids of one person share."""

    age: str
    sex: str
    height: float
    weight: float
    pregnant: bool
    heart: Heart


@dataclass(frozen=True)
class SyntheticPatient:
    """One patient of the synthetic cohort.

    Attributes
    ----------
    sites
        Site of every recording, repeats kept.
    murmurs
        Empty unless ``label`` is Present.
    locations
        Sites where the murmur is heard, the most audible first.
    related
        The person's other patient id, or None.
    """

    patient: str
    label: str
    outcome: str
    body: Body
    sites: tuple[str, ...]
    murmurs: tuple[Murmur, ...]
    locations: tuple[str, ...]
    related: str | None


def draw_patient(number: int, seed: int) -> SyntheticPatient:
    """Patient ``number`` (from 0): a pure function of both arguments, however large the cohort is."""
    block, place = divmod(number, len(BLOCK))
    order = np.random.default_rng([seed, 0, block])
    label = str(order.permutation(np.array(BLOCK))[place])
    twins = order.choice(len(BLOCK), 2, replace=False)
    person, related = number, None
    if place in twins:
        person = block * len(BLOCK) + int(twins[0])
        related = str(FIRST_ID + block * len(BLOCK) + int(twins.sum()) - place)
    rng = np.random.default_rng([seed, 1, number])
    sites = _SITE_SETS[int(rng.choice(len(_SITE_SETS), p=_SITE_SHARES))]
    present = label == "Present"
    return SyntheticPatient(
        patient=str(FIRST_ID + number),
        label=label,
        outcome="Abnormal" if rng.random() < _OUTCOME[label] else "Normal",
        body=_draw_body(np.random.default_rng([seed, 2, person])),
        sites=sites,
        murmurs=_draw_murmurs(rng) if present else (),
        locations=_draw_locations(sites, rng) if present else (),
        related=related,
    )


def _draw_body(rng: np.random.Generator) -> Body:
    age = str(rng.choice(list(_AGES), p=[share for share, *_ in _AGES.values()]))
    _, heights, weights, rate = _AGES[age]
    grown = rng.random()
    sex = str(rng.choice(["Female", "Male"]))
    return Body(
        age=age,
        sex=sex,
        height=round(float(np.interp(grown, (0, 1), heights) * rng.normal(1, 0.03)), 0),
        weight=round(float(np.interp(grown, (0, 1), weights) * rng.normal(1, 0.1)), 1),
        pregnant=age == "Young adult" and sex == "Female" and rng.random() < 0.7,
        heart=Heart(
            rate=float(rate * rng.normal(1, 0.1)),
            jitter=float(rng.uniform(0.01, 0.04)),
            s1_pitch=float(rng.uniform(38, 62)),
            s2_pitch=float(rng.uniform(55, 95)),
            split=float(rng.uniform(0.01, 0.04)),
        ),
    )


def _draw_murmurs(rng: np.random.Generator) -> tuple[Murmur, ...]:
    """Nearly always systolic; diastolic, alone or besides, in a few."""
    kind = rng.choice(["systolic", "diastolic", "both"], p=[0.94, 0.03, 0.03])
    phases = ("systolic", "diastolic") if kind == "both" else (str(kind),)
    return tuple(_draw_murmur(phase, rng) for phase in phases)


def _draw_murmur(phase: str, rng: np.random.Generator) -> Murmur:
    def pick(names: list[str], shares: list[float]) -> str:
        return str(rng.choice(names, p=shares))

    grade = pick(["I", "II", "III"], [0.4, 0.3, 0.3])
    systolic = phase == "systolic"
    return Murmur(
        phase=phase,
        timing=pick(["Holo", "Early", "Mid", "Late"], [0.62, 0.24, 0.12, 0.02]) if systolic else "Early",
        shape=pick(["Plateau", "Decrescendo", "Diamond", "Crescendo"], [0.62, 0.18, 0.18, 0.02])
        if systolic
        else "Decrescendo",
        grade=grade,
        # Loud murmurs are the high and harsh ones.
        pitch=pick(["Low", "Medium", "High"], [0.2, 0.3, 0.5] if grade == "III" else [0.55, 0.3, 0.15]),
        quality=pick(
            ["Blowing", "Harsh", "Musical"], [0.2, 0.75, 0.05] if grade == "III" else [0.6, 0.37, 0.03]
        ),
    )


def _draw_locations(sites: tuple[str, ...], rng: np.random.Generator) -> tuple[str, ...]:
    """Every site in more than half of the patients, otherwise some of them."""
    different = [str(site) for site in rng.permutation(list(dict.fromkeys(sites)))]
    count = len(different) if rng.random() < 0.6 else int(rng.integers(1, len(different) + 1))
    return tuple(different[:count])
