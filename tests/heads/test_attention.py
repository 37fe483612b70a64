import torch

from heartfeat.heads.attention import AttentionNet
from heartfeat.heads.settings import AttentionSettings


def net_and_bags(width=6):
    torch.manual_seed(0)
    net = AttentionNet(5, 3, AttentionSettings(width=width, attention_width=4)).eval()
    return net, torch.randn(2, 3, width), torch.tensor([[True, True, True], [True, False, True]])


def test_weights_sum_to_one_over_the_filled_slots_alone():
    net, bags, present = net_and_bags()
    weights = net.attention(bags, present)
    torch.testing.assert_close(weights.sum(1), torch.ones(2))
    assert weights[1, 1] == 0
    assert (weights[present] > 0).all()


def test_weights_are_those_of_the_paper():
    net, bags, present = net_and_bags()
    V, U, w = net.content, net.gate, net.score
    scores = [
        (w.weight[0] * torch.tanh(V.weight @ h + V.bias) * torch.sigmoid(U.weight @ h + U.bias)).sum()
        for h in bags[0]
    ]
    expected = torch.exp(torch.stack(scores))
    torch.testing.assert_close(net.attention(bags, present)[0], expected / expected.sum())


def test_a_patient_is_the_weighted_mean_of_its_recordings():
    net, bags, present = net_and_bags()
    weights = net.attention(bags, present)
    torch.testing.assert_close(net.pool(bags, present), torch.einsum("ps,psw->pw", weights, bags))


def test_what_lies_in_an_empty_slot_does_not_matter():
    net, bags, present = net_and_bags()
    before = net.pool(bags, present)
    bags[1, 1] = 1e6
    torch.testing.assert_close(net.pool(bags, present), before)
