"""The `linear` head: one linear map, trained by gradient descent, on frozen features."""

import torch
from torch import Tensor, nn

from heartfeat.heads.pooled.bag_net import BagNet, highest_of_present, mean_of_present
from heartfeat.heads.pooled.base import PooledHead
from heartfeat.heads.pooled.settings import LinearSettings


class LinearNet(BagNet):
    """One linear map to the logits of a recording; one of their mean and maximum to a patient's.

    So all that is learned of the features is learned from labels of recordings and of patients together.
    """

    def __init__(self, columns: int, classes: int, settings: LinearSettings) -> None:
        super().__init__(columns, columns, 2 * classes, classes, settings.dropout)
        nn.init.zeros_(self.recording_classifier.weight)
        with torch.no_grad():
            self.patient_classifier.weight.copy_(0.5 * torch.eye(classes).repeat(1, 2))

    def encode(self, rows: Tensor) -> Tensor:
        """The rows themselves."""
        return rows

    def pool(self, bags: Tensor, present: Tensor) -> Tensor:
        """Mean and maximum over the recordings' logits."""
        logits = self.recording_classifier(bags)
        return torch.cat([mean_of_present(logits, present), highest_of_present(logits, present)], dim=-1)


class Linear(PooledHead):
    """Linear probe of pooled features, metadata, site and quality figures.

    Parameters
    ----------
    settings
        Recipe and seed.
    """

    settings_class = LinearSettings
    settings: LinearSettings

    def _new_net(self, columns: int, classes: int) -> LinearNet:
        return LinearNet(columns, classes, self.settings)
