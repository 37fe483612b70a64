import numpy as np
import pytest

from heartfeat.heads.tabular.patient_evidence import mean_per_patient, patient_evidence

RECORDINGS = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
PATIENTS = np.array([[0.6, 0.4], [0.3, 0.7]])
PATIENT_OF = np.array([0, 0, 1])


def test_mean_maximum_and_the_patient_stand_side_by_side():
    evidence = patient_evidence(RECORDINGS, PATIENTS, PATIENT_OF)
    assert evidence.shape == (2, 12)
    assert evidence[0, :2] == pytest.approx([0.55, 0.45])
    assert evidence[0, 4:6] == pytest.approx([0.9, 0.8])
    assert evidence[0, 8:10] == pytest.approx([0.6, 0.4])
    half_log_odds = np.log(0.9 / 0.1) / 2
    assert evidence[0, 6] == pytest.approx(half_log_odds)


def test_the_order_of_recordings_does_not_matter():
    shuffled = patient_evidence(RECORDINGS[[1, 0, 2]], PATIENTS, PATIENT_OF)
    assert shuffled == pytest.approx(patient_evidence(RECORDINGS, PATIENTS, PATIENT_OF))


def test_certainty_stays_finite():
    certain = np.array([[1.0, 0.0]])
    assert np.isfinite(patient_evidence(certain, certain, np.array([0]))).all()


def test_means_are_over_each_patients_own_rows():
    assert mean_per_patient(np.array([[1.0], [3.0], [10.0]]), PATIENT_OF, 2).tolist() == [[2.0], [10.0]]
