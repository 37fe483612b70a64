"""Kaldi's log-mel filter bank, as encoders of environmental sound were trained on."""

import warnings

import torch
from torch import Tensor

FRAME, HOP, FFT = 400, 160, 512
"""Samples per frame, from frame to frame, and per transform: 25 and 10 ms at 16 kHz."""

PREEMPHASIS = 0.97
MEL_FLOOR = 1.192092955078125e-07
LOWEST = 20
"""Kaldi's other defaults; the lowest frequency of the bank is in Hz."""


def mel_filters(bands: int, sample_rate: int) -> Tensor:
    """``(FFT // 2 + 1, bands)`` float32 triangles on Kaldi's mel scale, from 20 Hz to half the sample rate (Hz)."""
    from transformers.audio_utils import mel_filter_bank

    with warnings.catch_warnings():
        # With 128 bands the lowest lie between two frequency bins and are empty, in training as here.
        warnings.filterwarnings("ignore", message="At least one mel filter has all zero values")
        filters = mel_filter_bank(
            num_frequency_bins=FFT // 2 + 1,
            num_mel_filters=bands,
            min_frequency=LOWEST,
            max_frequency=sample_rate // 2,
            sampling_rate=sample_rate,
            mel_scale="kaldi",
            triangularize_in_mel_space=True,
        )
    return torch.from_numpy(filters).float()


def log_mel(windows: Tensor, taper: Tensor, filters: Tensor) -> Tensor:
    """Natural logarithm of the power in mel bands, every frame without its mean and pre-emphasised.

    Parameters
    ----------
    windows
        ``(B, samples)`` audio.
    taper
        ``(FRAME,)``.
    filters
        ``(FFT // 2 + 1, bands)`` from :func:`mel_filters`.

    Returns
    -------
    torch.Tensor
        ``(B, frames, bands)``; frames lie whole within the window.
    """
    frames = windows.unfold(1, FRAME, HOP)
    frames = frames - frames.mean(dim=-1, keepdim=True)
    before = torch.cat([frames[..., :1], frames[..., :-1]], dim=-1)
    spectrum = torch.fft.rfft((frames - PREEMPHASIS * before) * taper, n=FFT)
    return torch.log((spectrum.abs().square() @ filters).clamp(min=MEL_FLOOR))
