"""How well a synthetic patient can be heard at a site: body size, room, breath, voice."""

import numpy as np

from heartfeat.cohorts.synthetic_patients import SyntheticPatient
from heartfeat.signals.synthesis import Listening

# S1 and S2 at each site against a typical one, in dB: S1 is loudest at the apex, S2 at the base.
_SITE_DB = {"AV": (-4.0, 0.0), "PV": (-2.0, 1.5), "TV": (0.0, 0.0), "MV": (1.0, -3.0), "Phc": (-5.0, -4.0)}

# A grown-up chest wall takes this much (dB) from a small child's heart sounds, per kg.
_LOSS_PER_KG = 0.05


def draw_listening(patient: SyntheticPatient, site: str, rng: np.random.Generator) -> Listening:
    """Circumstances of one recording.

    Unknown patients are those whose recordings are too noisy to tell; the ranges overlap with the others',
    as an expert's patience does.
    """
    loss = _LOSS_PER_KG * patient.body.weight
    s1, s2 = (level - loss + float(rng.normal(0, 1.5)) for level in _SITE_DB[site])
    noisy = patient.label == "Unknown"
    voiced = rng.random() < (0.4 if noisy else 0.08)
    elsewhere = patient.locations and site != patient.locations[0]
    return Listening(
        s1_db=s1,
        s2_db=s2,
        murmur_db=-loss + float(rng.normal(-2.0, 1.5) if elsewhere else rng.normal(0, 1.0)),
        hiss_db=float(rng.normal(-8, 3) if noisy else rng.normal(-18.5, 3.0)),
        breath_db=float(rng.normal(-12, 4) if noisy else rng.normal(-20, 4)),
        knock_db=float(rng.uniform(0, 14)),
        voice_db=float(rng.normal(-6, 4) if noisy else rng.normal(-16, 4)) if voiced else -np.inf,
        knocks_per_second=float(rng.uniform(0.1, 0.6) if noisy else rng.uniform(0, 0.15)),
        level_dbfs=float(rng.normal(-28, 4)),
    )
