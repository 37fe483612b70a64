import copy
import functools

import pytest
import torch
from transformers.models.mamba2 import modeling_mamba2

from heartfeat.heads.mamba.block import BidirectionalMamba, MultiScaleBlock
from heartfeat.heads.mamba.kernels import pytorch_only, scan_on_kernels


def test_kernels_are_left_alone_where_tensors_are_on_the_cpu(monkeypatch):
    """As where mamba-ssm is installed and the head trains on the CPU."""
    block, tokens = BidirectionalMamba(32, 4), torch.randn(2, 20, 32)
    expected = block(tokens)
    for name in ("mamba2_chunk_scan", "mamba2_split_conv1d_scan_combined", "causal_conv1d_fn"):
        original = getattr(modeling_mamba2, name).__wrapped__

        @functools.wraps(original)
        def kernel(*arguments, **named):
            raise RuntimeError("this kernel takes tensors on a GPU only")

        monkeypatch.setattr(modeling_mamba2, name, kernel)
    torch.testing.assert_close(block(tokens), expected)
    with pytest.raises(RuntimeError, match="GPU only"):
        block.mixer(tokens)


def test_only_the_scan_may_run_on_kernels_and_nothing_stays_changed():
    names = ("mamba2_chunk_scan", "mamba2_split_conv1d_scan_combined", "causal_conv1d_fn")
    before = {name: getattr(modeling_mamba2, name) for name in names}
    for context, plain in ((scan_on_kernels, names[1:]), (pytorch_only, names)):
        with context():
            for name, function in before.items():
                expected = function.__wrapped__ if name in plain else function
                assert getattr(modeling_mamba2, name) is expected
        assert {name: getattr(modeling_mamba2, name) for name in names} == before


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("length", [15, 16, 50, 200])
def test_kernels_and_pytorch_agree_forward_and_backward(length):
    pytest.importorskip("mamba_ssm")
    torch.manual_seed(0)
    with_kernels = MultiScaleBlock(64, 16, (1, 4), dropout=0.0).cuda()
    plain = copy.deepcopy(with_kernels)
    tokens = torch.randn(4, length, 64, device="cuda")
    for training in (False, True):
        fast = with_kernels.train(training)(tokens)
        with pytorch_only():
            slow = plain.train(training)(tokens)
        torch.testing.assert_close(fast, slow, rtol=2e-3, atol=2e-3)
    fast.square().sum().backward()
    slow.square().sum().backward()
    for (name, mine), theirs in zip(with_kernels.named_parameters(), plain.parameters(), strict=True):
        assert torch.allclose(mine.grad, theirs.grad, rtol=2e-2, atol=2e-2), name
