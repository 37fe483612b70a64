import dataclasses

import numpy as np
import pytest

from heartfeat.heads.tabular.encoder import TabularEncoder
from heartfeat.heads.tabular.training_table import join_tables, patient_rows, training_table


@pytest.fixture
def examples(pooled_examples):
    return pooled_examples(patients=9, views=("clean", "gain-6"))


@pytest.fixture
def encoder(examples):
    return TabularEncoder.fit(examples, metadata=False, quality=False)


def test_a_recording_without_its_own_label_takes_its_patients(examples, encoder):
    own = examples.recording_labels.copy()
    own[::2] = -1
    table = training_table(encoder, dataclasses.replace(examples, recording_labels=own))
    of_patient = examples.labels[examples.patient_of]
    assert (table.labels[::2] == of_patient[::2]).all()
    assert (table.labels[1::2] == own[1::2]).all()


def test_patients_without_a_label_are_left_out_with_their_recordings(examples, encoder):
    labels = np.where(np.arange(9) == 4, -1, examples.labels)
    table = training_table(encoder, dataclasses.replace(examples, labels=labels))
    kept = examples.patient_of != 4
    assert len(table.patient_labels) == 8
    assert (table.rows == encoder(examples)[:, kept]).all()
    assert "p4" not in table.persons


def test_joined_tables_equal_the_table_of_all(examples, encoder):
    whole = training_table(encoder, examples)
    ids = examples.patients["patient"].to_list()
    joined = join_tables([training_table(encoder, examples.take(part)) for part in (ids[:5], ids[5:], [])])
    for field in ("rows", "labels", "patient_of", "patient_labels"):
        assert (getattr(joined, field) == getattr(whole, field)).all()
    assert joined.persons == whole.persons


def test_patient_rows_are_means_over_recordings_in_each_view():
    rows = np.array([[[1.0], [3.0], [5.0]], [[2.0], [2.0], [8.0]]])
    assert patient_rows(rows, np.array([0, 0, 1]), 2).tolist() == [[[2.0], [5.0]], [[2.0], [8.0]]]
