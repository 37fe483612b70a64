import pytest
import torch

from heartfeat.heads.mamba.site_attention import SiteAttention, SiteMean


def attention():
    torch.manual_seed(0)
    return SiteAttention(16, sites=5, dropout=0.0).eval()


def mean():
    torch.manual_seed(0)
    return SiteMean(16, sites=5)


both = pytest.mark.parametrize("make", [attention, mean])


def everyone(patients, slots):
    return torch.ones(patients, slots, dtype=torch.bool)


@both
def test_order_of_recordings_does_not_matter(make):
    module, vectors, sites = make(), torch.randn(2, 4, 16), torch.tensor([[0, 1, 2, 3], [3, 3, 0, 1]])
    order = torch.tensor([2, 0, 3, 1])
    shuffled = module(vectors[:, order], sites[:, order], everyone(2, 4))
    torch.testing.assert_close(shuffled, module(vectors, sites, everyone(2, 4)))


@both
def test_padding_does_not_matter(make):
    module, vectors, sites = make(), torch.randn(1, 2, 16), torch.tensor([[1, 2]])
    padded = torch.cat([vectors, torch.full((1, 3, 16), 50.0)], dim=1)
    padded_sites = torch.tensor([[1, 2, 4, 4, 4]])
    present = torch.tensor([[True, True, False, False, False]])
    torch.testing.assert_close(module(padded, padded_sites, present), module(vectors, sites, everyone(1, 2)))


def test_a_recording_changes_how_another_is_seen():
    module, sites = attention(), torch.tensor([[0, 1]])
    first, second = torch.randn(1, 2, 16), torch.randn(1, 2, 16)
    swapped = torch.cat([first[:, :1], second[:, 1:]], dim=1)
    assert not torch.allclose(module(swapped, sites, everyone(1, 2)), module(first, sites, everyone(1, 2)))


@both
def test_the_site_matters(make):
    module, vectors = make(), torch.randn(1, 2, 16)
    at_valves = module(vectors, torch.tensor([[0, 1]]), everyone(1, 2))
    elsewhere = module(vectors, torch.tensor([[2, 3]]), everyone(1, 2))
    assert not torch.allclose(at_valves, elsewhere, atol=1e-4)
