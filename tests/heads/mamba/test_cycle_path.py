import pytest
import torch

from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.mamba.cycle_path import CyclePath
from heartfeat.heads.settings import MambaFormerSettings

SETTINGS = MambaFormerSettings(width=32, state=4, layers=1, scales=(1, 4), mixing="mamba", dropout=0.1)


def path(phases=8, bands=16, statistics=("mean", "p10"), **more):
    torch.manual_seed(0)
    spec = FeatureSpec(
        "beats", phases * bands, None, False, "key", cycle=(phases, bands), statistics=statistics, **more
    )
    return CyclePath(spec, SETTINGS).eval()


def crops(count=3, phases=8, bands=16, statistics=2):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(count, phases, bands * statistics, generator=generator)


@pytest.mark.parametrize(("phases", "bands"), [(8, 16), (9, 17), (7, 5), (4, 1), (48, 40)])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("vectors", [True, False])
def test_any_number_of_phases_and_bands_becomes_one_vector(phases, bands, training, vectors):
    module = path(phases, bands, vectors=vectors).train(training)
    vectors = module(module.standardise(crops(3, phases, bands)))
    assert vectors.shape == (3, 32)
    assert torch.isfinite(vectors).all()


@pytest.mark.parametrize("vectors", [True, False])
def test_a_recording_does_not_depend_on_its_batch_mates(vectors):
    module, images = path(vectors=vectors), crops(4)
    order = torch.tensor([2, 0, 3, 1])
    together = module(images)
    torch.testing.assert_close(module(images[order]), together[order], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(module(images[1:2]), together[1:2], atol=1e-5, rtol=1e-4)


def test_the_convolutions_see_images_of_each_statistic_and_the_phase_beside_them():
    module, seen = path(), []
    module.stem.convolutions.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    images = crops()
    module(images)
    assert seen[0].shape == (3, 3, 8, 16)
    for statistic in range(2):
        assert torch.equal(seen[0][:, statistic], images[:, :, statistic::2])
    assert torch.equal(seen[0][:, 2], module.stem.phase[None, :, None].expand(3, 8, 16))


def test_where_in_the_cycle_something_sounds_matters():
    module, images = path(), crops()
    assert not torch.allclose(module(images.roll(2, dims=1)), module(images), atol=1e-3)
    silent = torch.zeros(1, 8, 32)
    before = module(silent)
    with torch.no_grad():
        module.stem.phase.copy_(module.stem.phase.flip(0))
    assert not torch.allclose(module(silent), before, atol=1e-4)


def test_an_encoder_s_numbers_are_mixed_at_each_phase_by_one_and_the_same_linear_map():
    module, images = path(vectors=True), crops()
    told = module.stem(images) - module.stem.phase
    torch.testing.assert_close(told[:, 3], (module.stem(images.roll(2, dims=1)) - module.stem.phase)[:, 5])
    torch.testing.assert_close(told, module.stem.linear(images))


def test_layers_of_an_encoder_are_summed_with_learned_weights_at_each_phase():
    module, images = path(vectors=True, layers=2), crops()
    assert module.stem.linear.layers.weights.tolist() == [0.5, 0.5]
    louder = images.clone()
    louder[:, :, :16] *= (
        3  # both statistics of the first layer's eight numbers: layers are brought to one scale
    )
    torch.testing.assert_close(module(louder), module(images), atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("vectors", [True, False])
def test_every_weight_is_trained(vectors):
    module = path(vectors=vectors).train()
    module(module.standardise(crops())).square().sum().backward()
    assert [name for name, weight in module.named_parameters() if weight.grad is None] == []


def test_other_sets_are_refused():
    with pytest.raises(ValueError, match="'logmel' is not one of heart beats"):
        CyclePath(FeatureSpec("logmel", 8, 50.0, True, "key"), SETTINGS)
