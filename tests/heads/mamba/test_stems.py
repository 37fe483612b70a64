import pytest
import torch

from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.mamba.stems import Stem, to_length


def spec(dim=64, spectrogram=True):
    return FeatureSpec("x", dim, 50.0, spectrogram, "key")


@pytest.mark.parametrize("bands", [16, 40, 64, 128])
@pytest.mark.parametrize("tokens", [50, 203])
def test_spectrogram_stem_gives_the_common_length_for_any_bands(bands, tokens):
    stem = Stem(spec(bands), width=32, length=25)
    assert stem(torch.randn(2, tokens, bands)).shape == (2, 25, 32)


def test_linear_stem_gives_the_common_length():
    stem = Stem(spec(24, spectrogram=False), width=32, length=25)
    assert stem(torch.randn(2, 100, 24)).shape == (2, 25, 32)


def test_layers_side_by_side_are_summed_before_the_linear_map():
    layered = FeatureSpec("x", 24, 50.0, False, "key", layers=3)
    stem = Stem(layered, width=32, length=25)
    assert stem(torch.randn(2, 100, 24)).shape == (2, 25, 32)
    assert stem.body.layers.weights.tolist() == pytest.approx([1 / 3] * 3)
    assert stem.body.project[0].in_features == 8


def test_spectrogram_stem_sees_neighbouring_bands_together():
    torch.manual_seed(0)
    convolutions = Stem(spec(), width=32, length=25).body.convolutions.eval()
    tokens = torch.randn(1, 1, 100, 64)
    nudged = tokens.clone()
    nudged[..., 0] += 1.0
    moved = (convolutions(nudged) - convolutions(tokens)).abs().amax((0, 1, 2))
    assert moved[0] > 0
    assert moved[-1] == 0


def test_to_length_averages_tokens_of_the_same_time():
    tokens = torch.arange(8.0).view(1, 8, 1)
    assert to_length(tokens, 4).flatten().tolist() == [0.5, 2.5, 4.5, 6.5]
    assert to_length(tokens, 16).flatten().tolist() == [i // 2 for i in range(16)]
