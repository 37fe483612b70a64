import pytest
import torch

from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.mamba.net import MambaFormerNet
from heartfeat.heads.settings import MambaFormerSettings

STATISTICS = ("mean", "std")
SPECS = (
    FeatureSpec("logmel", 32, 50.0, True, "a", statistics=STATISTICS),
    FeatureSpec("speech", 6, 10.0, False, "b", statistics=STATISTICS),
)
BEATS = FeatureSpec("beats", 48, None, False, "c", cycle=(8, 6), statistics=("mean", "p10"))
SITES = torch.tensor([0, 1, 2, 3, 1])
SLOTS = torch.tensor([[0, 1, 2], [3, 4, -1]])


def network(metadata=3, specs=SPECS, **changes):
    torch.manual_seed(0)
    settings = MambaFormerSettings(width=32, state=4, crop_seconds=2.0, **changes)
    return MambaFormerNet(settings, specs, sites=5, metadata=metadata, classes=3).eval()


def crops(count):
    generator = torch.Generator().manual_seed(1)
    return {
        "logmel": torch.randn(count, 100, 32, generator=generator),
        "speech": torch.randn(count, 20, 6, generator=generator),
        "beats": torch.randn(count, 8, 12, generator=generator),
        "statistics of logmel": torch.randn(count, 64, generator=generator),
        "statistics of speech": torch.randn(count, 12, generator=generator),
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


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"mixing": "attention"},
        {"mixing": "none"},
        {"gate": "energy"},
        {"site_attention": False},
        {"statistics": False},
    ],
)
def test_every_weight_is_trained(changes):
    assert idle_weights(network(**changes)) == []


def idle_weights(net):
    """Names of weights that get no gradient."""
    vectors = net.train().encode(net.standardise(crops(5)))
    loss = net.recording_logits(vectors).square().sum()
    (loss + net.patient_logits(vectors, SITES, SLOTS, torch.ones(2, 3)).square().sum()).backward()
    return [name for name, weight in net.named_parameters() if weight.grad is None]


def test_every_weight_is_trained_where_beats_join_tokens_in_time():
    assert idle_weights(network(specs=(BEATS, *SPECS))) == []


@pytest.mark.parametrize("specs", [(BEATS,), (BEATS, SPECS[0]), (BEATS, *SPECS)])
def test_beats_alone_or_with_others_join_to_one_vector_per_crop(specs):
    net, five = network(specs=specs), crops(5)
    vectors = net.encode(net.standardise(five))
    assert vectors.shape == (5, 32)
    for spec in specs:
        louder = {**five, spec.name: five[spec.name] + 1.0}
        assert not torch.allclose(net.encode(net.standardise(louder)), vectors, atol=1e-4), spec.name


def test_beats_alone_need_no_merging():
    net, five = network(specs=(BEATS,)), crops(5)
    assert torch.equal(net.encode(five), net.cycles[0](five["beats"]))


def test_crops_of_a_recording_may_share_its_image():
    net, five = network(specs=(BEATS, *SPECS)), crops(5)
    rows, images = torch.tensor([0, 0, 1, 1, 1]), five.pop("beats")
    of_images = net.cycles[0](images[:2])
    assert of_images.shape == (2, 32)
    of_crops = net.encode_whole({**five, "beats": images})
    shared = net.encode(five, {**of_crops, "beats": of_images[rows]})
    torch.testing.assert_close(shared, net.encode({**five, "beats": images[rows]}))


def test_statistics_of_the_whole_recording_count_beside_a_crop():
    five = crops(5)
    others = {**five, "statistics of speech": five["statistics of speech"] + 1.0}
    for net, same in ((network(), False), (network(statistics=False), True)):
        assert torch.equal(net.encode(net.standardise(others)), net.encode(net.standardise(five))) is same


def test_scales_of_beats_are_learned_for_every_band_and_statistic():
    net = network(specs=(BEATS, *SPECS))
    tokens = {name: crop.flatten(0, -2) * 3 + 2 for name, crop in crops(400).items()}
    net.learn_scales(tokens)
    scaled = net.standardise({name: rows[None] for name, rows in tokens.items()})
    for crop in scaled.values():
        torch.testing.assert_close(crop.mean((0, 1)), torch.zeros(crop.shape[2]), atol=0.2, rtol=0)
        torch.testing.assert_close(crop.std((0, 1)), torch.ones(crop.shape[2]), atol=0.2, rtol=0)


def test_a_set_more_changes_no_weight_of_the_others():
    bare, more = network(), network(specs=(BEATS, *SPECS))
    for name, weight in bare.state_dict().items():
        if not name.startswith("merge."):
            assert torch.equal(more.state_dict()[name], weight), name
