"""The `mlp` head: a small perceptron over each recording, mean and maximum over a patient's."""

import torch
from torch import Tensor

from heartfeat.heads.pooled.bag_net import BagNet, highest_of_present, mean_of_present, perceptron
from heartfeat.heads.pooled.base import PooledHead
from heartfeat.heads.pooled.settings import MlpSettings


class MlpNet(BagNet):
    """Two hidden layers per recording; mean and maximum over recordings; a linear map.

    The maximum carries that one site is enough to hear a murmur, the mean that all of them agree.
    """

    def __init__(self, columns: int, classes: int, settings: MlpSettings) -> None:
        width, dropout = settings.width, settings.dropout
        super().__init__(columns, width, 2 * width, classes, dropout)
        self.layers = perceptron(columns, width, dropout)

    def encode(self, rows: Tensor) -> Tensor:
        """Hidden values of each recording."""
        return self.layers(rows)

    def pool(self, bags: Tensor, present: Tensor) -> Tensor:
        """Mean and maximum over recordings."""
        return torch.cat([mean_of_present(bags, present), highest_of_present(bags, present)], dim=-1)


class Mlp(PooledHead):
    """Perceptron on pooled features, metadata, site and quality figures.

    Parameters
    ----------
    settings
        Width, recipe and seed.
    """

    settings_class = MlpSettings
    settings: MlpSettings

    def _new_net(self, columns: int, classes: int) -> MlpNet:
        return MlpNet(columns, classes, self.settings)
