import json

import pytest

from heartfeat.backbones.load import describe_backbone
from heartfeat.backbones.settings import TransformersSettings
from heartfeat.backbones.trained_on import TRAINING_FILE, TrainedOn, familiar, read_trained_on, trained_on
from heartfeat.errors import BackboneError

PERSONS = {"1": "1", "2": "1", "3": "3", "4": "4"}


def write(folder, **record):
    given = {"kind": "pretrain", "heartfeat": "0.1.0", "labels": None, "seen": {}, **record}
    (folder / TRAINING_FILE).write_text(json.dumps(given))
    return folder


def test_a_patient_is_known_by_any_id_of_the_person():
    training = TrainedOn("finetune", "murmur", {"circor": ("2", "9"), "other": ("3",)})
    assert training.met("circor", PERSONS) == ["1", "2"]


def test_ids_of_another_cohort_are_other_people_but_merged_cohorts_hold_both():
    training = TrainedOn("finetune", "murmur", {"other": ("3",)})
    assert training.met("circor", PERSONS) == []
    assert training.met("circor + other", PERSONS) == ["3"]


def test_what_a_checkpoint_came_from_is_told_after_its_own_training(tmp_path):
    source = {"kind": "pretrain", "labels": None, "seen": {"circor": ["3"]}}
    given = {"name": "A", "weights": "abc", "training": source}
    write(tmp_path, kind="finetune", labels="murmur", seen={"circor": ["1"]}, source=given)
    assert read_trained_on(tmp_path) == (
        TrainedOn("finetune", "murmur", {"circor": ("1",)}),
        TrainedOn("pretrain", None, {"circor": ("3",)}),
    )


def test_what_a_store_keeps_is_read_back():
    training = TrainedOn("finetune", "murmur", {"circor": ("1", "2")})
    assert trained_on([training.as_json()]) == (training,)
    assert trained_on(None) == ()


@pytest.mark.parametrize("given", [[{"kind": "x"}], [3], 5, [{"kind": "x", "labels": None, "patients": [1]}]])
def test_a_damaged_attribute_is_refused(given):
    with pytest.raises(BackboneError, match="damaged"):
        trained_on(given)


def test_a_foreign_file_of_that_name_is_left_aside_and_a_damaged_one_refused(tmp_path):
    assert read_trained_on(tmp_path) == ()
    (tmp_path / TRAINING_FILE).write_text('{"epochs": 3}')
    assert read_trained_on(tmp_path) == ()
    (tmp_path / TRAINING_FILE).write_text('{"heartfeat": "0.1.0", "see')
    with pytest.raises(BackboneError, match="nobody knows whom"):
        read_trained_on(tmp_path)


def test_labels_are_told_loudly_and_mere_listening_is_noted():
    loud = TrainedOn("finetune", "murmur", {}).sentence("ft", 31, 136, "test patients of fold 0", "beware")
    assert loud == (
        "WARNING: 31 of 136 test patients of fold 0 were seen WITH LABELS (murmur) when the backbone of 'ft' was "
        "fine-tuned: beware"
    )
    mild = TrainedOn("pretrain", None, {}).sentence("A", 2, 3, "test patients of fold 0", "beware")
    assert mild.startswith("note: 2 of 3 test patients of fold 0 were heard, without labels")
    assert "beware" not in mild


def test_each_training_that_met_any_of_these_patients_is_told_labels_first():
    heard = TrainedOn("pretrain", None, {"circor": ("3",)})
    labelled = TrainedOn("finetune", "murmur", {"circor": ("2", "4", "elsewhere")})
    other = TrainedOn("finetune", "murmur", {"another": ("1",)})
    trainings = {"A": [heard], "ft": [labelled, other]}
    loud, mild = familiar(trainings, "circor", PERSONS, "patients", "beware")
    assert loud.startswith(
        "WARNING: 3 of 4 patients were seen WITH LABELS (murmur) when the backbone of 'ft'"
    )
    assert mild.startswith("note: 1 of 4 patients were heard, without labels, when the backbone of 'A'")
    (only,) = familiar(trainings, "circor", PERSONS, "patients", "beware", tested=["1", "unknown"])
    assert only.startswith("WARNING: 1 of 2 patients")


def test_whom_a_checkpoint_met_is_described_but_no_part_of_the_key(tiny, tmp_path):
    import shutil

    folder = shutil.copytree(tiny("cnn-mamba"), tmp_path / "copy")
    settings = TransformersSettings(name="x", model=str(folder))
    before = describe_backbone(settings)
    write(folder, seen={"circor": ["1"]})
    after = describe_backbone(settings)
    assert before.trained_on == ()
    assert after.trained_on == (TrainedOn("pretrain", None, {"circor": ("1",)}),)
    assert before.core() == after.core()
