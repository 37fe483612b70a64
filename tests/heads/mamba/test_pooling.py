import torch

from heartfeat.heads.mamba.pooling import AttentivePooling


def pooling():
    torch.manual_seed(0)
    return AttentivePooling(16, dropout=0.0)


def test_order_of_elements_does_not_matter():
    pool, elements = pooling(), torch.randn(3, 6, 16)
    torch.testing.assert_close(pool(elements[:, torch.randperm(6)]), pool(elements))


def test_padding_does_not_matter():
    pool, elements = pooling(), torch.randn(2, 5, 16)
    padded = torch.cat([elements, torch.full((2, 3, 16), 1e3)], dim=1)
    present = torch.arange(8).expand(2, 8) < 5
    torch.testing.assert_close(pool(padded, present), pool(elements))


def test_weights_depend_on_the_elements():
    pool, elements = pooling(), torch.randn(1, 4, 16)
    alone = torch.cat([pool(elements[:, i : i + 1]) for i in range(4)]).mean(0, keepdim=True)
    assert not torch.allclose(pool(elements), alone, atol=1e-3)


def test_one_element_has_finite_gradients():
    elements = torch.randn(1, 1, 16, requires_grad=True)
    pooling()(elements).sum().backward()
    assert elements.grad.isfinite().all()
