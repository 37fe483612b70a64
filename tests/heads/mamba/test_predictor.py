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
    monkeypatch.setattr(predictor_module, "_AT_ONCE", 3)
    for seen, wanted in zip(predictor(examples).view(0), expected, strict=True):
        np.testing.assert_allclose(seen, wanted, atol=1e-5)


def test_beats_are_looked_at_once_per_recording_whatever_its_crops(beats_examples, monkeypatch):
    monkeypatch.setattr(predictor_module, "_AT_ONCE", 7)
    judging = predictor(beats_examples(6, {"logmel": (32, 50.0)}))
    seen = []
    judging.net.cycles[0].register_forward_pre_hook(lambda _, images: seen.append(images[0]))
    vectors = judging._encode(0)
    assert len(seen) > 1
    assert sum(len(images) for images in seen) == len(judging.patient_of) < len(vectors)
    of_crop, starts = judging.crop_recordings, judging.crop_starts
    crop_by_crop = judging.cutter.cut(of_crop, starts, np.zeros_like(of_crop))
    with torch.no_grad():
        expected = judging.net.encode(judging.net.standardise(crop_by_crop))
    torch.testing.assert_close(vectors, expected, atol=1e-5, rtol=1e-4)


def test_a_view_is_encoded_once_whatever_is_asked_of_it(token_examples):
    judging, calls = predictor(token_examples(6)), []
    judging.net.pooling.register_forward_hook(lambda *_: calls.append(1))
    first = judging.view(0)
    count = len(calls)
    for seen, again in zip(first, judging.view(0), strict=True):
        np.testing.assert_array_equal(seen, again)
    assert len(calls) == count


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
