import numpy as np
import pytest

from heartfeat.heads.combiner import Combiner
from heartfeat.heads.mamba.panel import Said, gathered, mean_said, weigh
from heartfeat.heads.patient_evidence import patient_evidence

PATIENT_OF = np.repeat(np.arange(30), 2)
LABELS = np.arange(30) % 3


def probabilities(rows, seed, views=2):
    return np.random.default_rng(seed).dirichlet(np.ones(3), (views, rows))


def test_the_evidence_is_that_of_each_view():
    said = Said(probabilities(30, 0), probabilities(60, 1))
    evidence = said.evidence(PATIENT_OF)
    assert evidence.shape == (2, 30, 2, 4)
    for view in range(2):
        assert (
            evidence[view] == patient_evidence(said.recordings[view], said.patients[view], PATIENT_OF)
        ).all()


@pytest.mark.parametrize(("said", "columns"), [("patients", 1), ("recordings", 3)])
def test_evidence_is_there_when_one_of_the_two_is_not(said, columns):
    parts = {"patients": None, "recordings": None, said: probabilities(30 if said == "patients" else 60, 0)}
    assert Said(**parts).evidence(PATIENT_OF).shape == (2, 30, 2, columns)


def test_networks_are_averaged_and_what_none_says_stays_unsaid():
    one, other = (Said(None, probabilities(60, seed)) for seed in (0, 1))
    mean = mean_said([one, other])
    assert mean.patients is None
    assert mean.recordings == pytest.approx((one.recordings + other.recordings) / 2)


def test_parts_come_back_to_their_places():
    whole = Said(probabilities(30, 0), probabilities(60, 1))
    parts = []
    for number in range(3):
        mask = np.arange(30) % 3 == number
        heard = mask[PATIENT_OF]
        parts.append((mask, heard, Said(whole.patients[:, mask], whole.recordings[:, heard])))
    again = gathered(parts, 30, 60)
    assert (again.patients == whole.patients).all()
    assert (again.recordings == whole.recordings).all()
    unsaid = [(mask, heard, Said(None, said.recordings)) for mask, heard, said in parts]
    assert gathered(unsaid, 30, 60).patients is None


def test_every_view_is_weighed_by_itself():
    evidence, quality = np.random.default_rng(0).normal(size=(2, 30, 2, 4)), np.zeros((30, 0))
    combiner = Combiner.fit(evidence, quality, LABELS, 3)
    said = weigh(combiner, evidence, quality)
    assert said.shape == (2, 30, 3)
    assert said.sum(axis=2) == pytest.approx(1)
    for view in range(2):
        assert (combiner.predict(evidence[view], quality) == said[view]).all()
