import numpy as np

from heartfeat.heads.pooled.training_rows import RowBatches


def batches_of(examples, size=4, seed=0):
    rows = np.arange(len(examples.recordings), dtype=np.float32)
    table = np.stack([rows, rows + 1000])[:, :, None]
    return RowBatches(examples, table, size, np.random.default_rng(seed))


def test_an_epoch_shows_every_patient_once_with_all_its_recordings(pooled_examples):
    examples = pooled_examples(10)
    seen = [batch.rows[:, 0] % 1000 for batch in batches_of(examples).epoch()]
    assert batches_of(examples).batches == len(seen) == 3
    assert sorted(np.concatenate(seen).astype(int)) == list(range(len(examples.recordings)))


def test_slots_and_targets_belong_to_the_patients_of_the_batch(pooled_examples):
    examples = pooled_examples(10)
    for batch in batches_of(examples).epoch():
        for slots, target in zip(batch.slots, batch.patient_targets, strict=True):
            rows = (batch.rows[slots[slots >= 0], 0] % 1000).long().numpy()
            patient = set(examples.patient_of[rows])
            assert len(patient) == 1
            assert len(rows) == (examples.patient_of == patient.pop()).sum()
            assert examples.labels[examples.patient_of[rows[0]]] == target.argmax()
        rows = (batch.rows[:, 0] % 1000).long().numpy()
        assert (batch.recording_targets.argmax(1).numpy() == examples.recording_labels[rows]).all()


def test_recordings_come_in_all_views(pooled_examples):
    drawn = [batch.rows[:, 0] >= 1000 for batch in batches_of(pooled_examples(60)).epoch()]
    assert 0.3 < np.concatenate(drawn).mean() < 0.7
