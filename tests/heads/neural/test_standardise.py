import torch

from heartfeat.heads.neural.standardise import Standardise


def test_standardise_learns_from_half_precision_and_survives_a_constant():
    tokens = torch.randn(5000, 3, generator=torch.Generator().manual_seed(0)) * 5 + 100
    tokens[:, 2] = 7.0
    standardise = Standardise(3)
    standardise.learn(tokens.half())
    out = standardise(tokens)
    assert out.isfinite().all()
    torch.testing.assert_close(out[:, :2].mean(0), torch.zeros(2), atol=0.1, rtol=0)
    torch.testing.assert_close(out[:, :2].std(0), torch.ones(2), atol=0.1, rtol=0)
