import torch

from heartfeat.heads.linear import LinearNet
from heartfeat.heads.settings import LinearSettings

SLOTS = torch.tensor([[0, 1], [2, -1]])


def test_a_recording_is_judged_by_one_linear_map():
    net = LinearNet(4, 3, LinearSettings()).eval()
    torch.nn.init.normal_(net.recording_classifier.weight)
    one, other = torch.rand(2, 3, 4, generator=torch.Generator().manual_seed(0))
    between = net((one + other) / 2, SLOTS)[1]
    torch.testing.assert_close(between, (net(one, SLOTS)[1] + net(other, SLOTS)[1]) / 2)


def test_a_patient_starts_as_the_mean_of_the_mean_and_the_highest_recording():
    net = LinearNet(2, 2, LinearSettings()).eval()
    with torch.no_grad():
        net.recording_classifier.weight.copy_(torch.eye(2))
        net.recording_classifier.bias.zero_()
        net.patient_classifier.bias.zero_()
    rows = torch.tensor([[1.0, -1.0], [3.0, -3.0], [2.0, 0.5]])
    assert net(rows, SLOTS)[0].tolist() == [[2.5, -1.5], [2.0, 0.5]]


def test_labels_of_patients_teach_what_a_recording_is_judged_by():
    net = LinearNet(2, 2, LinearSettings(dropout=0))
    net(torch.rand(3, 2), SLOTS)[0][:, 0].sum().backward()
    assert net.recording_classifier.weight.grad.abs().sum() > 0
