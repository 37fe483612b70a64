import dataclasses

import numpy as np
import pytest
import torch

from heartfeat.heads.examples import UNLABELLED, ExtraLabels
from heartfeat.heads.feature_spec import feature_specs
from heartfeat.heads.mamba.crops import CropCutter
from heartfeat.heads.mamba.net import MambaFormerNet
from heartfeat.heads.mamba.teacher import recording_targets
from heartfeat.heads.mamba.training_bags import BatchMaker
from heartfeat.heads.settings import MambaFormerSettings
from heartfeat.heads.site_codes import site_codes


def batches(examples, seed=0, **changes):
    plain = {"inner_folds": 0, "patient_weight": 1.0, "mixup": 0.0, "teacher": 0.0}
    settings = MambaFormerSettings(batch_patients=4, crop_seconds=1.0, width=32, **{**plain, **changes})
    specs = feature_specs(examples)
    net = MambaFormerNet(settings, specs, sites=5, metadata=2, classes=3)
    sites, metadata = (
        site_codes(examples, ("AV", "PV", "TV", "MV")),
        np.zeros((len(examples.patients), 2), np.float32),
    )
    cutter = CropCutter(examples, specs, settings.crop_seconds)
    targets = recording_targets(examples, settings, seed)
    maker = BatchMaker(examples, cutter, sites, metadata, targets, settings, np.random.default_rng(seed))
    return list(maker.epoch(net))


def test_a_batch_holds_every_recording_of_its_patients(token_examples):
    for batch in batches(token_examples(12)):
        rows = batch.slots[batch.slots >= 0]
        assert sorted(rows.tolist()) == list(range(len(batch.sites)))
        assert batch.crops["logmel"].shape == (len(batch.sites), 50, 32)
        assert len(batch.patient_targets) == len(batch.slots) == 4


def test_without_mixup_targets_are_the_labels(token_examples):
    for batch in batches(token_examples(12), mixup=0.0):
        assert set(batch.patient_targets.unique().tolist()) == {0.0, 1.0}
        assert (batch.recording_targets.sum(1) == 1).all()


def test_mixup_keeps_the_own_label_in_front(token_examples):
    examples = token_examples(12)
    plain = torch.cat([batch.patient_targets for batch in batches(examples, mixup=0.0)])
    mixed = torch.cat([batch.patient_targets for batch in batches(examples, mixup=1.0)])
    assert len(plain) == len(mixed)
    assert ((mixed > 0) & (mixed < 1)).any()
    assert (mixed.max(1).values >= 0.5 - 1e-6).all()
    torch.testing.assert_close(mixed.sum(1), torch.ones(len(mixed)))


def test_patients_of_one_epoch_are_all_different(token_examples):
    examples = token_examples(12)
    examples.labels[:] = np.arange(12) % 3
    targets = torch.cat([batch.patient_targets for batch in batches(examples, mixup=0.0)])
    assert targets.sum(0).tolist() == [4, 4, 4]


def test_all_views_are_drawn_and_clean_most(token_examples):
    examples = token_examples(12, views=("clean", "gain-6", "gain+6"))
    for number in range(3):
        examples.features["logmel"].tokens[number] = number
    batch = torch.cat(
        [b.crops["logmel"].median(1).values.median(1).values for b in batches(examples, mixup=0.0)]
    )
    assert len(batch.unique()) > 3


def test_recordings_without_labels_of_their_own_take_the_patients(token_examples):
    examples = token_examples(12)
    examples.recording_labels[:] = UNLABELLED
    for batch in batches(examples, mixup=0.0):
        for patient, slots in enumerate(batch.slots):
            own = batch.recording_targets[slots[slots >= 0]]
            torch.testing.assert_close(own, batch.patient_targets[patient].expand_as(own))


@pytest.mark.parametrize("mixup", [0.0, 0.4])
def test_the_same_seed_draws_the_same_batches(token_examples, mixup):
    examples = token_examples(12)
    first, second = batches(examples, mixup=mixup), batches(examples, mixup=mixup)
    assert torch.equal(first[0].crops["logmel"], second[0].crops["logmel"])
    other = batches(examples, seed=1, mixup=mixup)
    assert first[0].crops["logmel"].shape != other[0].crops["logmel"].shape or not torch.equal(
        first[0].crops["logmel"], other[0].crops["logmel"]
    )


def test_masks_and_views_can_be_turned_off(token_examples):
    examples = token_examples(12, views=("clean", "gain-6"))
    examples.features["logmel"].tokens[0] = 1.0
    examples.features["logmel"].tokens[1] = 2.0

    def values(**changes):
        return {value for b in batches(examples, **changes) for value in b.crops["logmel"].unique().tolist()}

    assert values(spec_augment=False, view_augment=False) == {1.0}
    assert values(spec_augment=False) == {1.0, 2.0}
    assert len(values(view_augment=False)) > 2


@pytest.mark.parametrize("mixup", [0.0, 0.4])
def test_targets_of_other_tasks_come_along(token_examples, mixup):
    examples = token_examples(12)
    same = ExtraLabels(examples.classes, examples.labels, examples.recording_labels)
    examples = dataclasses.replace(examples, extra_labels={"murmur": same})
    for batch in batches(examples, mixup=mixup, tasks=("murmur",)):
        of_patients, of_recordings = batch.extra_targets["murmur"]
        assert torch.equal(of_patients, batch.patient_targets)
        assert torch.equal(of_recordings, batch.recording_targets)


def singly(examples, **changes):
    return batches(examples, patient_weight=0.0, inner_folds=2, **changes)


def test_where_nothing_is_learned_of_patients_recordings_are_drawn_one_by_one(token_examples):
    examples = token_examples(18)
    drawn = singly(examples)
    assert len(drawn) == len(examples.patient_of) // 16 > 1
    for batch in drawn:
        assert batch.slots.tolist() == [[row] for row in range(16)]
        assert len(batch.sites) == len(batch.crops["logmel"]) == len(batch.metadata) == 16


def test_no_recording_is_drawn_twice_in_an_epoch_and_each_has_its_own_label(token_examples):
    examples = token_examples(18)
    for recording, (first, last) in enumerate(examples.features["logmel"].spans):
        examples.features["logmel"].tokens[:, first:last] = recording
    examples.recording_labels[::2] = (examples.recording_labels[::2] + 1) % 3
    seen = []
    for batch in singly(examples, spec_augment=False):
        numbers = batch.crops["logmel"][:, 0, 0].int().tolist()
        assert batch.recording_targets.argmax(1).tolist() == examples.recording_labels[numbers].tolist()
        of_patients = examples.labels[examples.patient_of[numbers]]
        assert batch.patient_targets.argmax(1).tolist() == of_patients.tolist()
        seen += numbers
    assert len(set(seen)) == len(seen)


def test_recordings_without_a_label_are_not_drawn_singly(token_examples):
    examples = token_examples(18)
    examples.recording_labels[::3] = UNLABELLED
    for batch in singly(examples):
        assert (batch.recording_targets.sum(1) == 1).all()


def test_recordings_drawn_singly_are_mixed_too(token_examples):
    targets = torch.cat([batch.recording_targets for batch in singly(token_examples(18), mixup=1.0)])
    assert ((targets > 0) & (targets < 1)).any()
    torch.testing.assert_close(targets.sum(1), torch.ones(len(targets)))


def test_images_of_heart_beats_come_along(beats_examples):
    for batch in batches(beats_examples(12, {"logmel": (32, 50.0)}), mixup=0.4):
        assert batch.crops["beats"].shape == (len(batch.sites), 8, 6 * 4)
