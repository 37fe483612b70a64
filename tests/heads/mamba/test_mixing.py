import pytest
import torch

from heartfeat.heads.mamba.block import MultiScaleBlock
from heartfeat.heads.mamba.mixing import Positions, sequence_blocks
from heartfeat.heads.settings import MambaFormerSettings


def blocks(**changes):
    torch.manual_seed(0)
    return torch.nn.Sequential(*sequence_blocks(MambaFormerSettings(width=32, **changes))).eval()


@pytest.mark.parametrize("mixing", ["mamba", "attention"])
@pytest.mark.parametrize("layers", [1, 3])
def test_blocks_keep_the_shape_and_each_token_sees_all(mixing, layers):
    net, tokens = blocks(mixing=mixing, layers=layers), torch.randn(2, 11, 32)
    nudged = tokens.clone()
    nudged[:, 5] += torch.randn(32)
    moved = (net(nudged) - net(tokens)).norm(dim=-1)
    assert moved.shape == (2, 11)
    assert moved.min() > 0


def test_without_mixing_there_are_no_blocks():
    assert sequence_blocks(MambaFormerSettings(mixing="none", layers=3)) == []


def test_mamba_is_the_default():
    assert all(isinstance(block, MultiScaleBlock) for block in blocks(layers=2))


def test_attention_tells_the_order_of_tokens():
    net, tokens = blocks(mixing="attention"), torch.randn(1, 11, 32)
    assert not torch.allclose(net(tokens.flip(1)).flip(1), net(tokens), atol=1e-3)


def test_positions_are_the_published_ones():
    waves = Positions()(torch.zeros(1, 7, 8))[0]
    for position in (0, 3, 6):
        for pair in range(4):
            angle = torch.tensor(position / 10_000 ** (2 * pair / 8))
            expected = torch.stack([angle.sin(), angle.cos()])
            torch.testing.assert_close(waves[position, 2 * pair : 2 * pair + 2], expected)
