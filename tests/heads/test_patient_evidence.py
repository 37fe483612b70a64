import numpy as np
import pytest

from heartfeat.heads.patient_evidence import mean_per_patient, patient_evidence

RECORDINGS = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.5, 0.5]])
PATIENTS = np.array([[0.6, 0.4], [0.3, 0.7]])
PATIENT_OF = np.array([0, 0, 0, 1])


def log_odds(*probabilities):
    return [np.log(p / (1 - p)) for p in probabilities]


def test_highest_second_mean_and_the_patient_stand_side_by_side_as_log_odds():
    evidence = patient_evidence(RECORDINGS, PATIENTS, PATIENT_OF)
    assert evidence.shape == (2, 8)
    assert evidence[0, :2] == pytest.approx(log_odds(0.9, 0.8))
    assert evidence[0, 2:4] == pytest.approx(log_odds(0.6, 0.4))
    assert evidence[0, 4:6] == pytest.approx(log_odds(1.7 / 3, 1.3 / 3))
    assert evidence[0, 6:] == pytest.approx(log_odds(0.6, 0.4))


def test_the_second_of_a_single_recording_is_the_first():
    assert patient_evidence(RECORDINGS, None, PATIENT_OF)[1] == pytest.approx(log_odds(*[0.5] * 6))


def test_either_may_be_left_out():
    both = patient_evidence(RECORDINGS, PATIENTS, PATIENT_OF)
    assert (patient_evidence(RECORDINGS, None, PATIENT_OF) == both[:, :6]).all()
    assert (patient_evidence(None, PATIENTS, PATIENT_OF) == both[:, 6:]).all()


def test_the_order_of_recordings_does_not_matter():
    shuffled = patient_evidence(RECORDINGS[[2, 0, 1, 3]], PATIENTS, PATIENT_OF)
    assert shuffled == pytest.approx(patient_evidence(RECORDINGS, PATIENTS, PATIENT_OF))


def test_certainty_stays_finite_and_no_bolder_than_one_in_a_thousand():
    certain = np.array([[1.0, 0.0]])
    evidence = patient_evidence(certain, certain, np.array([0]))
    assert evidence[0].reshape(4, 2) == pytest.approx(np.tile(log_odds(0.999, 0.001), (4, 1)))


def test_means_are_over_each_patients_own_rows():
    rows = np.array([[1.0], [3.0], [5.0], [10.0]])
    assert mean_per_patient(rows, PATIENT_OF, 2).tolist() == [[3.0], [10.0]]
