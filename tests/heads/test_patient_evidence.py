import numpy as np
import pytest

from heartfeat.heads.patient_evidence import mean_per_patient, patient_evidence

RECORDINGS = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.4, 0.3, 0.3], [0.5, 0.25, 0.25]])
PATIENTS = np.array([[0.6, 0.3, 0.1], [0.3, 0.3, 0.4]])
PATIENT_OF = np.array([0, 0, 0, 1])


def log_odds(*pairs):
    return [np.log(one / later) for one, later in pairs]


def test_highest_second_mean_and_the_patient_stand_side_by_side_as_log_odds_against_later_classes():
    evidence = patient_evidence(RECORDINGS, PATIENTS, PATIENT_OF)
    assert evidence.shape == (2, 2, 4)
    of_first = log_odds((0.7, 0.3), (0.4, 0.6), (0.4, 0.6), (0.6, 0.4))
    of_second = log_odds((0.3, 0.8), (0.2, 0.3), (0.2, 0.4), (0.3, 0.1))
    assert evidence[0] == pytest.approx(np.array([of_first, of_second]))


def test_the_second_of_a_single_recording_is_the_first():
    alone = patient_evidence(RECORDINGS, None, PATIENT_OF)[1]
    assert alone == pytest.approx(np.zeros((2, 3)))


def test_either_may_be_left_out():
    both = patient_evidence(RECORDINGS, PATIENTS, PATIENT_OF)
    assert (patient_evidence(RECORDINGS, None, PATIENT_OF) == both[..., :3]).all()
    assert (patient_evidence(None, PATIENTS, PATIENT_OF) == both[..., 3:]).all()


def test_of_two_classes_there_is_one_question_and_its_odds_are_against_the_other():
    evidence = patient_evidence(None, np.array([[0.2, 0.8]]), np.array([0]))
    assert evidence.ravel() == pytest.approx(log_odds((0.2, 0.8)))


def test_the_order_of_recordings_does_not_matter():
    shuffled = patient_evidence(RECORDINGS[[2, 0, 1, 3]], PATIENTS, PATIENT_OF)
    assert shuffled == pytest.approx(patient_evidence(RECORDINGS, PATIENTS, PATIENT_OF))


def test_certainty_stays_finite_and_no_bolder_than_one_in_a_thousand():
    certain = np.array([[1.0, 0.0]])
    evidence = patient_evidence(certain, certain, np.array([0]))
    assert evidence.ravel() == pytest.approx(log_odds((0.999, 0.001)) * 4)


def test_means_are_over_each_patients_own_rows():
    rows = np.array([[1.0], [3.0], [5.0], [10.0]])
    assert mean_per_patient(rows, PATIENT_OF, 2).tolist() == [[3.0], [10.0]]
