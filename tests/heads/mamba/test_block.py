import pytest
import torch

from heartfeat.heads.mamba.block import BidirectionalMamba, MultiScaleBlock, shrink, stretch


def test_bidirectional_output_depends_on_past_and_future():
    torch.manual_seed(0)
    block = BidirectionalMamba(32, 8)
    tokens = torch.randn(1, 20, 32)
    nudged = tokens.clone()
    nudged[:, 10] += 1.0
    moved = (block(nudged) - block(tokens)).norm(dim=-1)[0]
    assert moved[:10].min() > 0
    assert moved[11:].min() > 0


def test_bidirectional_tells_past_from_future():
    torch.manual_seed(0)
    block = BidirectionalMamba(32, 8)
    tokens = torch.randn(1, 20, 32)
    assert not torch.allclose(block(tokens.flip(1)).flip(1), block(tokens), atol=1e-3)


@pytest.mark.parametrize("length", [1, 7, 16])
def test_multi_scale_block_keeps_the_shape_and_reaches_every_branch(length):
    torch.manual_seed(0)
    block = MultiScaleBlock(32, 8, (1, 4), dropout=0.0)
    out = block(torch.randn(2, length, 32))
    assert out.shape == (2, length, 32)
    out.square().sum().backward()
    assert all(branch.mixer.in_proj.weight.grad.abs().sum() > 0 for branch in block.branches)


def test_shrink_takes_means_also_of_a_short_last_group():
    tokens = torch.arange(5.0).view(1, 5, 1)
    assert shrink(tokens, 2).flatten().tolist() == [0.5, 2.5, 4.0]
    assert shrink(tokens, 1) is tokens


def test_stretch_repeats_and_cuts():
    tokens = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1)
    assert stretch(tokens, 2, 5).flatten().tolist() == [1, 1, 2, 2, 3]
