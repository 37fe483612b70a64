import torch

from heartfeat.heads.mamba.layer_sum import LayerSum


def side_by_side(*layers):
    return torch.cat(layers, dim=-1)


def test_untrained_it_is_the_mean_of_the_layers_at_one_scale():
    torch.manual_seed(0)
    quiet, loud = torch.randn(2, 5, 8), 1000 * torch.randn(2, 5, 8)
    scaled = [torch.nn.functional.layer_norm(layer, (8,)) for layer in (quiet, loud)]
    torch.testing.assert_close(LayerSum(2)(side_by_side(quiet, loud)), sum(scaled) / 2, atol=1e-4, rtol=1e-4)


def test_it_learns_which_layer_matters():
    torch.manual_seed(0)
    layers = LayerSum(3)
    optimiser = torch.optim.Adam(layers.parameters(), lr=0.1)
    for _ in range(60):
        noise, signal, other = (torch.randn(4, 6, 8) for _ in range(3))
        wanted = torch.nn.functional.layer_norm(signal, (8,))
        loss = (layers(side_by_side(noise, signal, other)) - wanted).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert layers.weights[1] > 0.8
    torch.testing.assert_close(layers.weights.sum(), torch.tensor(1.0))
