import pytest
import torch

from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.mamba.net import MambaFormerNet
from heartfeat.heads.settings import MambaFormerSettings

SPECS = (FeatureSpec("logmel", 32, 50.0, True, "a"), FeatureSpec("speech", 6, 10.0, False, "b"))
SITES = torch.tensor([0, 1, 2, 3, 1])
SLOTS = torch.tensor([[0, 1, 2], [3, 4, -1]])


def network(metadata=3, **changes):
    torch.manual_seed(0)
    settings = MambaFormerSettings(width=32, state=4, crop_seconds=2.0, **changes)
    return MambaFormerNet(settings, SPECS, sites=5, metadata=metadata, classes=3).eval()


def crops(count):
    generator = torch.Generator().manual_seed(1)
    return {
        "logmel": torch.randn(count, 100, 32, generator=generator),
        "speech": torch.randn(count, 20, 6, generator=generator),
    }


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("scales", [(1,), (1, 2, 5)])
def test_all_feature_sets_join_to_one_vector_per_crop(layers, scales):
    net = network(layers=layers, scales=scales)
    vectors = net.encode(crops(5))
    assert vectors.shape == (5, 32)
    assert net.recording_logits(vectors).shape == (5, 3)
    assert net.patient_logits(vectors, SITES, SLOTS, torch.zeros(2, 3)).shape == (2, 3)


def test_padding_of_another_patient_does_not_matter():
    net, vectors = network(), torch.randn(5, 32, generator=torch.Generator().manual_seed(2))
    together = net.patient_logits(vectors, SITES, SLOTS, torch.ones(2, 3))
    alone = net.patient_logits(vectors, SITES, SLOTS[1:, :2], torch.ones(1, 3))
    torch.testing.assert_close(together[1:], alone)


def test_a_crop_does_not_depend_on_its_batch_mates():
    net, five = network(), crops(5)
    alone = net.encode({name: crop[2:3] for name, crop in five.items()})
    torch.testing.assert_close(net.encode(five)[2:3], alone, atol=1e-5, rtol=1e-4)


def test_without_metadata_there_is_no_metadata_branch():
    net = network(metadata=0)
    assert net.metadata is None
    vectors = torch.randn(5, 32)
    assert net.patient_logits(vectors, SITES, SLOTS, torch.zeros(2, 0)).shape == (2, 3)


def test_every_weight_is_trained():
    net = network().train()
    vectors = net.encode(net.standardise(crops(5)))
    loss = net.recording_logits(vectors).square().sum()
    (loss + net.patient_logits(vectors, SITES, SLOTS, torch.ones(2, 3)).square().sum()).backward()
    idle = [name for name, weight in net.named_parameters() if weight.grad is None]
    assert idle == []
