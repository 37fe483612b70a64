import pytest
import torch

from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.mamba.stems import Standardise, Stem, to_length


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


def test_standardise_learns_from_half_precision_and_survives_a_constant():
    tokens = torch.randn(5000, 3, generator=torch.Generator().manual_seed(0)) * 5 + 100
    tokens[:, 2] = 7.0
    standardise = Standardise(3)
    standardise.learn(tokens.half())
    out = standardise(tokens)
    assert out.isfinite().all()
    torch.testing.assert_close(out[:, :2].mean(0), torch.zeros(2), atol=0.1, rtol=0)
    torch.testing.assert_close(out[:, :2].std(0), torch.ones(2), atol=0.1, rtol=0)
