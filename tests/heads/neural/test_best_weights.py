import torch
from torch import nn

from heartfeat.heads.neural.best_weights import BestWeights


def look(best, net, loss, weight):
    nn.init.constant_(net.weight, weight)
    return best.look(loss, net)


def test_it_stops_after_waiting_and_goes_back_to_the_lowest():
    best, net = BestWeights(patience=2), nn.Linear(1, 1)
    looks = [look(best, net, loss, weight) for weight, loss in enumerate([3.0, 1.0, 2.0, 0.5, 0.5, 0.7])]
    assert looks == [False, False, False, False, False, True]
    best.restore(net)
    assert net.weight.item() == 3.0


def test_without_a_look_the_weights_stay():
    net = nn.Linear(1, 1)
    before = net.weight.clone()
    BestWeights(patience=1).restore(net)
    assert torch.equal(net.weight, before)


def test_a_loss_that_is_no_number_is_never_the_lowest():
    best, net = BestWeights(patience=3), nn.Linear(1, 1)
    look(best, net, 1.0, 5.0)
    look(best, net, float("nan"), 6.0)
    best.restore(net)
    assert net.weight.item() == 5.0


def test_without_patience_nothing_is_kept_and_nothing_stops():
    best, net = BestWeights(patience=None), nn.Linear(1, 1)
    assert not any(look(best, net, loss, 1.0) for loss in (1.0, 2.0, 3.0))
    assert best.tensors() == {}


def test_it_goes_on_from_what_it_wrote_down():
    best, again, net = BestWeights(patience=2), BestWeights(patience=2), nn.Linear(1, 1)
    look(best, net, 1.0, 5.0)
    look(best, net, 2.0, 6.0)
    again.go_on(best.tensors(), best.numbers(), torch.device("cpu"))
    assert look(again, net, 3.0, 7.0)
    again.restore(net)
    assert net.weight.item() == 5.0
