import numpy as np
import pytest
import torch

from heartfeat.heads.feature_spec import feature_specs
from heartfeat.heads.mamba import predictor as predictor_module
from heartfeat.heads.mamba.crops import CropCutter
from heartfeat.heads.mamba.net import MambaFormerNet
from heartfeat.heads.mamba.predictor import Predictor
from heartfeat.heads.settings import MambaFormerSettings


def predictor(examples, weights=(1.0, 1.0, 1.0)):
    torch.manual_seed(0)
    settings = MambaFormerSettings(width=32, state=4, crop_seconds=1.0, dropout=0.1)
    specs = feature_specs(examples)
    net = MambaFormerNet(settings, specs, sites=1, metadata=0, classes=3)
    sites = np.zeros(len(examples.patient_of), np.int64)
    metadata = np.zeros((len(examples.patients), 0), np.float32)
    cutter = CropCutter(examples, specs, settings.crop_seconds)
    return Predictor(net, cutter, examples, sites, metadata, np.array(weights))


def test_crops_are_encoded_alike_in_any_batch_size(token_examples, monkeypatch):
    examples = token_examples(6)
    expected = predictor(examples).view(0)
    monkeypatch.setattr(predictor_module, "_CROPS_AT_ONCE", 3)
    for seen, wanted in zip(predictor(examples).view(0), expected, strict=True):
        np.testing.assert_allclose(seen, wanted, atol=1e-5)


def test_views_are_judged_by_themselves(token_examples):
    both = token_examples(6, views=("clean", "gain-6"))
    changed = token_examples(6, views=("clean", "gain-6"))
    changed.features["logmel"].tokens[1] += 3.0
    before, after = predictor(both), predictor(changed)
    np.testing.assert_array_equal(after.view(0)[0], before.view(0)[0])
    assert not np.allclose(after.view(1)[0], before.view(1)[0])


@pytest.mark.parametrize("index", [0, 1])
def test_class_weights_are_taken_out(token_examples, index):
    examples = token_examples(6)
    even = predictor(examples).view(0)[index]
    urgent = predictor(examples, weights=(4.0, 1.0, 1.0)).view(0)[index]
    assert (urgent[:, 0] < even[:, 0]).all()


def test_a_recording_is_the_mean_of_its_crops(token_examples):
    examples = token_examples(6)
    whole = predictor(examples)
    _, recordings = whole.view(0)
    with torch.no_grad():
        logits = whole.net.recording_logits(whole._encode(0))
    of_crops = torch.softmax(logits.double(), dim=-1).numpy()
    for recording, probabilities in enumerate(recordings):
        mine = of_crops[whole.crop_recordings == recording]
        np.testing.assert_allclose(probabilities, mine.mean(0), atol=1e-6)
