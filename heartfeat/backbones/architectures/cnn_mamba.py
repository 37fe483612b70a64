"""The encoder of PA-HCL (``cnn_mamba``): strided convolutions over the waveform, then Mamba over their frames.

Convolutions of 32, 64, 128 and 256 channels (kernels 7, 5, 5, 3, stride 2 each), of which all but the first are
residual; then four selective state space layers of width 256 (state 16, expansion 2), each added to its input, and a
root mean square norm. The mean over the frames is the vector that PA-HCL contrasts; here the frames are the output.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import MambaConfig, PreTrainedConfig, PreTrainedModel
from transformers import initialization as init
from transformers.modeling_outputs import BaseModelOutput
from transformers.models.mamba.modeling_mamba import MambaRMSNorm

from heartfeat.backbones.architectures.state_space import SelectiveStateSpace

CONV_KERNEL = 4
"""Frames under the short convolution within a Mamba layer (Gu & Dao 2023, section 3.4)."""


class CnnMambaConfig(PreTrainedConfig):
    """Sizes of a :class:`CnnMambaModel`.

    Attributes
    ----------
    sampling_rate
        Of the waveform (Hz).
    low, high
        Band of the waveform (Hz).
    conv_channels, conv_kernels, conv_strides
        Per convolution.
    conv_residual
        Whether all convolutions but the first are pairs with a shortcut around them.
    hidden_size, num_hidden_layers, state_size, expand
        Width, depth, state per channel and expansion of the Mamba layers.
    time_step_rank
        Rank of the step size's projection; PA-HCL uses 1, mamba-ssm a sixteenth of the width.
    dropout
        Share of numbers dropped in training, after convolutions and Mamba layers.
    layer_norm_epsilon
        Added to the mean square.
    """

    model_type = "cnn-mamba"

    def __init__(
        self,
        sampling_rate: int = 2000,
        low: float = 25.0,
        high: float = 400.0,
        conv_channels: Sequence[int] = (32, 64, 128, 256),
        conv_kernels: Sequence[int] = (7, 5, 5, 3),
        conv_strides: Sequence[int] = (2, 2, 2, 2),
        conv_residual: bool = True,
        hidden_size: int = 256,
        num_hidden_layers: int = 4,
        state_size: int = 16,
        expand: int = 2,
        conv_kernel: int = CONV_KERNEL,
        time_step_rank: int = 1,
        dropout: float = 0.1,
        layer_norm_epsilon: float = 1e-6,
        **kwargs: Any,  # noqa: ANN401 - what transformers keeps in every config
    ) -> None:
        self.sampling_rate, self.low, self.high = sampling_rate, low, high
        self.conv_channels = list(conv_channels)
        self.conv_kernels = list(conv_kernels)
        self.conv_strides = list(conv_strides)
        self.conv_residual = conv_residual
        self.hidden_size, self.num_hidden_layers = hidden_size, num_hidden_layers
        self.state_size, self.expand, self.conv_kernel = state_size, expand, conv_kernel
        self.time_step_rank = time_step_rank
        self.dropout, self.layer_norm_epsilon = dropout, layer_norm_epsilon
        super().__init__(**kwargs)


class ConvStage(nn.Module):
    """Convolution, batch norm, GELU."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, dropout: float) -> None:
        super().__init__()
        self.conv = nn.Conv1d(before, after, kernel, stride, padding=kernel // 2, bias=False)
        self.bn = nn.BatchNorm1d(after)
        self.dropout = nn.Dropout(dropout)

    def forward(self, frames: Tensor) -> Tensor:
        """``(B, before, n)`` to ``(B, after, ceil(n / stride))``."""
        return self.dropout(nn.functional.gelu(self.bn(self.conv(frames))))


class ResidualStage(nn.Module):
    """Two convolutions, the first strided, with a strided convolution of one frame around them."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, dropout: float) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(before, after, kernel, stride, padding=kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm1d(after)
        self.conv2 = nn.Conv1d(after, after, kernel, padding=kernel // 2, bias=False)
        self.bn2 = nn.BatchNorm1d(after)
        around = (nn.Conv1d(before, after, 1, stride, bias=False), nn.BatchNorm1d(after))
        self.shortcut = nn.Sequential(*(around if before != after or stride != 1 else ()))
        self.dropout = nn.Dropout(dropout)

    def forward(self, frames: Tensor) -> Tensor:
        """``(B, before, n)`` to ``(B, after, ceil(n / stride))``."""
        inner = self.dropout(nn.functional.gelu(self.bn1(self.conv1(frames))))
        return nn.functional.gelu(self.bn2(self.conv2(inner)) + self.shortcut(frames))


class Convolutions(nn.Module):
    """The waveform's convolutions, one after the other."""

    def __init__(self, config: CnnMambaConfig) -> None:
        super().__init__()
        channels = [1, *config.conv_channels]
        self.layers = nn.ModuleList()
        for i, (kernel, stride) in enumerate(zip(config.conv_kernels, config.conv_strides, strict=True)):
            stage = ResidualStage if config.conv_residual and i > 0 else ConvStage
            self.layers.append(stage(channels[i], channels[i + 1], kernel, stride, config.dropout))

    def forward(self, waveform: Tensor) -> Tensor:
        """``(B, samples)`` to ``(B, channels, frames)``."""
        frames = waveform[:, None]
        for layer in self.layers:
            frames = layer(frames)
        return frames


class MambaLayer(nn.Module):
    """A causal selective state space added to its input."""

    def __init__(self, config: CnnMambaConfig) -> None:
        super().__init__()
        self.norm = MambaRMSNorm(config.hidden_size, eps=config.layer_norm_epsilon)
        self.mixer = SelectiveStateSpace(_mixer_config(config), layer_idx=0)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, frames: Tensor) -> Tensor:
        """``(B, frames, hidden)`` in and out."""
        return frames + self.dropout(self.mixer(self.norm(frames)))


class MambaStack(nn.Module):
    """Mamba layers and a norm."""

    def __init__(self, config: CnnMambaConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(MambaLayer(config) for _ in range(config.num_hidden_layers))
        self.norm_f = MambaRMSNorm(config.hidden_size, eps=config.layer_norm_epsilon)

    def forward(self, frames: Tensor) -> list[Tensor]:
        """``(B, frames, hidden)`` to the same per layer: the input, after each layer, the last normed."""
        states = [frames]
        for layer in self.layers:
            states.append(layer(states[-1]))
        return [*states[:-1], self.norm_f(states[-1])]


class CnnMambaModel(PreTrainedModel):
    """Waveform in, frames out."""

    config_class = CnnMambaConfig
    base_model_prefix = "encoder"
    main_input_name = "input_values"

    def __init__(self, config: CnnMambaConfig) -> None:
        super().__init__(config)
        self.cnn = Convolutions(config)
        last = config.conv_channels[-1]
        same = last == config.hidden_size
        self.proj = nn.Identity() if same else nn.Linear(last, config.hidden_size)
        self.mamba = MambaStack(config)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        """As PyTorch starts its layers, and Mamba's own start for the state spaces."""
        if isinstance(module, SelectiveStateSpace):
            module.init_mamba_weights()
        elif isinstance(module, nn.Conv1d | nn.Linear):
            # Scaled to the fan-in: a fixed spread would let four convolutions fade the waveform away.
            init.kaiming_uniform_(module.weight, a=5**0.5)
            if module.bias is not None:
                init.zeros_(module.bias)
        else:
            super()._init_weights(module)

    def patches(self, waveform: Tensor) -> Tensor:
        """``(B, samples)`` audio to the last convolution's ``(B, frames, channels)``."""
        return self.cnn(waveform).transpose(1, 2)

    def encode(self, patches: Tensor, positions: Tensor | None = None) -> list[Tensor]:
        """All hidden states ``(B, n, hidden)`` of the frames that there are; ``positions`` are not needed."""
        return self.mamba(self.proj(patches))

    def forward(self, input_values: Tensor, output_hidden_states: bool = False) -> BaseModelOutput:
        """Encode.

        Parameters
        ----------
        input_values
            ``(B, samples)`` waveform at ``config.sampling_rate``, of zero mean and unit variance per recording.

        Returns
        -------
        BaseModelOutput
            ``last_hidden_state`` ``(B, frames, hidden)`` after the last norm; ``hidden_states`` the input to the first
            layer, then after each, the last one normed.
        """
        states = self.encode(self.patches(input_values))
        return BaseModelOutput(
            last_hidden_state=states[-1], hidden_states=tuple(states) if output_hidden_states else None
        )


def _mixer_config(config: CnnMambaConfig) -> MambaConfig:
    return MambaConfig(
        hidden_size=config.hidden_size,
        state_size=config.state_size,
        expand=config.expand,
        conv_kernel=config.conv_kernel,
        time_step_rank=config.time_step_rank,
        num_hidden_layers=1,
    )
