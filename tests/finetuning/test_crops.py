import numpy as np
import pytest
import torch

from heartfeat.backbones.transformers_audio import load_transformers
from heartfeat.finetuning.crops import Crops, judge
from heartfeat.finetuning.net import FinetuneNet
from heartfeat.heads.neural.compute import Compute, computing

from .small import RATE, settings_of, two_kinds


def crops(samples=RATE, mixup=0.0, batch=5):
    sounds, codes, valid = two_kinds()
    return sounds, Crops(
        sounds, np.arange(valid[0]), np.eye(2, dtype=np.float32)[codes], samples, batch, mixup
    )


def new_net(checkpoint):
    backbone = load_transformers(settings_of(checkpoint))
    torch.manual_seed(0)
    return FinetuneNet(backbone.model, backbone.spec.dim, 2), backbone.spec.window


def test_an_epoch_shows_every_training_recording_once_and_no_other():
    sounds, drawn = crops(samples=2 * RATE)
    shown = torch.cat([batch for batch, _ in drawn.epoch(np.random.default_rng(0))])
    wanted = {sounds.of(r).astype(np.float32).tobytes() for r in range(8)}
    assert len(shown) == 8
    assert {row.numpy().tobytes() for row in shown} == wanted


def test_a_recording_that_is_shorter_than_a_crop_goes_on_cyclically():
    _, drawn = crops(samples=5 * RATE)
    batch, _ = next(drawn.epoch(np.random.default_rng(0)))
    assert batch.shape[1] == 5 * RATE
    assert torch.equal(batch[:, : 2 * RATE], batch[:, 2 * RATE : 4 * RATE])


def test_without_mixup_targets_are_the_labels_and_with_it_they_are_mixed():
    for mixup, whole in ((0.0, True), (1.0, False)):
        _, drawn = crops(mixup=mixup)
        targets = torch.cat([targets for _, targets in drawn.epoch(np.random.default_rng(0))])
        assert torch.allclose(targets.sum(dim=1), torch.ones(8))
        assert bool((targets.max(dim=1).values == 1).all()) == whole


def test_a_judgement_is_the_mean_over_all_windows_whatever_the_batch(checkpoint):
    net, window = new_net(checkpoint)
    sounds, _, valid = two_kinds()
    one, many = (judge(net, sounds, valid, window, batch) for batch in (1, 64))
    assert one.shape == (4, 2)
    assert np.allclose(one.sum(axis=1), 1)
    assert np.allclose(one, many, atol=1e-6)


needs_gpu = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")]


@pytest.mark.parametrize(
    "compute", [Compute(precision="bf16"), pytest.param(Compute("cuda:0"), marks=needs_gpu)]
)
def test_a_judgement_in_bf16_or_on_a_gpu_is_near_that_of_the_cpu_in_fp32(compute, checkpoint):
    net, window = new_net(checkpoint)
    sounds, _, valid = two_kinds()
    exact = judge(net, sounds, valid, window, 4)
    with computing(compute):
        said = judge(net, sounds, valid, window, 4)
    assert said.dtype == np.float64
    assert next(net.parameters()).device.type == "cpu"
    assert 0 < np.abs(said - exact).max() < 0.05
