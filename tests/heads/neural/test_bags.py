import numpy as np

from heartfeat.heads.examples import UNLABELLED
from heartfeat.heads.neural.bags import labels_of_recordings, one_hot, partners, slots_of


def test_slots_hold_each_patients_rows_and_padding():
    assert slots_of(np.array([0, 0, 1, 2, 2, 2]), 3).tolist() == [[0, 1, -1], [2, -1, -1], [3, 4, 5]]


def test_a_patient_without_recordings_is_all_padding():
    assert slots_of(np.array([1]), 2).tolist() == [[-1], [0]]


def test_unlabelled_rows_have_no_target():
    assert one_hot(np.array([2, -1, 0]), 3).tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]


def test_partners_come_from_the_mate_and_its_same_site_where_there_is_one():
    slots = slots_of(np.array([0, 0, 1, 1, 1]), 2)
    sites = np.array([0, 1, 1, 2, 3])
    for seed in range(20):
        chosen = partners(slots, sites, np.array([1, 0]), np.random.default_rng(seed))
        assert chosen[0] in (2, 3, 4)
        assert chosen[1] == 2
        assert chosen[2] == 1
        assert set(chosen[3:]) <= {0, 1}


def test_a_patient_mixed_with_itself_keeps_its_sites():
    slots = slots_of(np.array([0, 0, 1]), 2)
    chosen = partners(slots, np.array([0, 1, 0]), np.array([0, 1]), np.random.default_rng(0))
    assert chosen.tolist() == [0, 1, 2]


def test_recordings_are_trained_on_their_patients_label_only_where_none_has_its_own(token_examples):
    examples = token_examples(6)
    examples.recording_labels[0] = UNLABELLED
    assert (labels_of_recordings(examples) == examples.recording_labels).all()
    examples.recording_labels[:] = UNLABELLED
    assert (labels_of_recordings(examples) == examples.labels[examples.patient_of]).all()
