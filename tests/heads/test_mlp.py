import torch

from heartfeat.heads.mlp import MlpNet
from heartfeat.heads.settings import MlpSettings


def test_a_patient_is_the_mean_and_the_maximum_of_its_recordings():
    net = MlpNet(5, 3, MlpSettings(width=2))
    bags = torch.tensor([[[1.0, -4.0], [3.0, -2.0]], [[5.0, 6.0], [90.0, 90.0]]])
    present = torch.tensor([[True, True], [True, False]])
    assert net.pool(bags, present).tolist() == [[2.0, -3.0, 3.0, -2.0], [5.0, 6.0, 5.0, 6.0]]


def test_width_shapes_the_hidden_layers():
    assert MlpNet(5, 3, MlpSettings(width=7)).encode(torch.rand(4, 5)).shape == (4, 7)
