"""The states of the cardiac cycle as a backbone: the automatic segmentation, once per window."""

import numpy as np
import torch
from torch import Tensor, nn

from heartfeat.backbones.backbone import Backbone
from heartfeat.backbones.settings import StatesSettings
from heartfeat.backbones.states_spec import SAMPLE_RATE, STATES, describe_states
from heartfeat.signals.segmentation import S1, segment


class CardiacStates(nn.Module):
    """One of four numbers is 1, that of the state which the segmenter finds; computed on the CPU."""

    def forward(self, windows: Tensor) -> Tensor:
        """``(B, samples)`` audio to ``(B, tokens, 4)``: S1, systole, S2, diastole, 50 tokens per second."""
        found = [segment(window, SAMPLE_RATE) for window in windows.cpu().numpy()]
        one_hot = np.eye(len(STATES), dtype=np.float32)[np.stack(found) - S1]
        return torch.from_numpy(one_hot).to(windows.device)


def load_states(settings: StatesSettings) -> Backbone:
    """The cardiac-state backbone of these settings."""
    return Backbone(describe_states(settings), CardiacStates().eval())
