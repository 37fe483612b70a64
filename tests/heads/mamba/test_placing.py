"""Crops stay where the network is: checked on torch's device without memory, which refuses to be mixed with another."""

import numpy as np
import pytest
import torch

from heartfeat.heads.mamba.crops import CropCutter
from heartfeat.heads.mamba.inputs import Inputs
from heartfeat.heads.mamba.teacher import recording_targets
from heartfeat.heads.mamba.training_bags import BatchMaker
from heartfeat.heads.neural.compute import Compute, computing
from heartfeat.heads.settings import MambaFormerSettings

SETTINGS = MambaFormerSettings(batch_patients=4, width=32, state=4, crop_seconds=1.0)


@pytest.fixture
def examples(beats_examples, monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (10**9, 10**9))
    return beats_examples(12, {"logmel": (32, 50.0), "speech": (4, 10.0)}, views=("clean", "gain-6"))


@pytest.mark.parametrize("patient_weight", [0.0, 1.0])
def test_training_crops_are_cut_mixed_and_masked_there(examples, patient_weight):
    settings = SETTINGS.model_copy(update={"patient_weight": patient_weight})
    inputs = Inputs.learn(settings, examples)
    cutter = CropCutter(examples, inputs.specs, 1.0, "meta")
    sites, metadata = inputs.sites_of(examples), inputs.metadata_of(examples)
    targets = recording_targets(examples, settings, 0)
    maker = BatchMaker(examples, cutter, sites, metadata, targets, settings, np.random.default_rng(0))
    net = inputs.new_net().to("meta")
    for batch in maker.epoch(net):
        assert {crops.device.type for crops in batch.crops.values()} == {"meta"}
        assert net.encode(batch.crops).shape == (len(batch.sites), 32)


def test_judged_crops_are_encoded_there(examples):
    inputs = Inputs.learn(SETTINGS, examples)
    with computing(Compute("meta")):
        judging = inputs.predictor(inputs.new_net(), examples)
        vectors = judging._encode(1)
    assert vectors.device.type == "meta"
    assert vectors.shape == (len(judging.crop_recordings), 32)


def test_what_stayed_in_ram_is_cut_there_and_learned_from_there(examples, monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (0, 10**9))
    cutter = CropCutter(examples, Inputs.learn(SETTINGS, examples).specs, 1.0, "meta")
    crops = cutter.cut(np.array([0, 3]), np.zeros(2), np.array([0, 1]))
    assert {one.device.type for one in crops.values()} == {"meta"}
    assert {one.device.type for one in cutter.clean_tokens().values()} == {"cpu"}
