"""Fitting a segmenter on annotated recordings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from heartfeat.signals.segmentation.annotation import annotated_states
from heartfeat.signals.segmentation.envelopes import BANDS, log_envelopes
from heartfeat.signals.segmentation.segmenter import Segmenter
from heartfeat.signals.segmentation.states import CYCLE, FRAME_RATE, S1

if TYPE_CHECKING:
    import torch

_CHANNELS, _TAPS, _LAYERS = 32, 5, 5
_CROP = 6 * FRAME_RATE
_BATCH = 16
_EPOCHS = 5
_RATE = 4e-3
# Crops are played up to 1.4 times faster or slower, for very fast and very slow hearts are rare.
_TEMPO = 0.35
# A crop in five loses its upper bands, from one of these on: recordings of low sample rate have none.
_DEAF_SHARE, _DEAF_FROM = 0.2, 4


@dataclass(frozen=True, eq=False)
class AnnotatedRecording:
    """What is fitted on: envelopes ``(frames, BANDS)``, states ``(frames,)`` and the annotation's rows."""

    envelopes: np.ndarray
    states: np.ndarray
    annotation: np.ndarray


def annotated_recording(
    samples: np.ndarray, sample_rate: float, annotation: np.ndarray
) -> AnnotatedRecording:
    """A recording (see :func:`cardiac_states` for the parameters) made ready to fit on."""
    states = annotated_states(annotation, len(samples) / sample_rate)
    return AnnotatedRecording(log_envelopes(samples, sample_rate), states, annotation)


def fit_segmenter(recordings: Sequence[AnnotatedRecording], seed: int = 0) -> Segmenter:
    """Fit network and durations on the annotated frames; the same result for the same recordings and seed.

    Raises
    ------
    ValueError
        When there is nothing to learn from: less than a batch of 96 s annotated, or no two complete cycles.
    """
    cycles = _cycles([recording.annotation for recording in recordings])
    lengths = cycles.sum(axis=1)
    fits = [np.polyfit(lengths, cycles[:, state], 1) for state in range(len(CYCLE))]
    slope, intercept = np.array(fits, dtype=np.float32).T
    spread = (cycles - (slope * lengths[:, None] + intercept)).std(axis=0)
    counts = np.bincount(np.concatenate([one.states for one in recordings]), minlength=1 + len(CYCLE))[1:]
    kernels, biases = _fit_network(recordings, seed)
    return Segmenter(
        kernels=kernels,
        biases=biases,
        log_prior=np.log(counts / counts.sum()).astype(np.float32),
        slope=slope,
        intercept=intercept,
        spread=np.maximum(spread, 0.5).astype(np.float32),
    )


def _cycles(annotations: Sequence[np.ndarray]) -> np.ndarray:
    """Lengths of S1, systole, S2 and diastole (frames) of every complete cycle; ``(cycles, 4)``."""
    found = []
    for rows in annotations:
        length, state = rows[:, 1] - rows[:, 0], rows[:, 2]
        for first in np.flatnonzero(state == S1):
            if state[first : first + len(CYCLE)].tolist() == list(CYCLE):
                found.append(length[first : first + len(CYCLE)] * FRAME_RATE)
    if len(found) < 2:
        raise ValueError("no two complete cycles (S1, systole, S2, diastole) are annotated")
    return np.array(found)


def _fit_network(
    recordings: Sequence[AnnotatedRecording], seed: int
) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    import torch

    annotated = np.array([np.count_nonzero(one.states) for one in recordings])
    steps = int(_EPOCHS * annotated.sum() / (_CROP * _BATCH))
    if steps < _EPOCHS:
        raise ValueError(f"{annotated.sum() / FRAME_RATE:.0f} s are annotated, too little to learn from")
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network()
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, steps)
    for _ in range(steps):
        chosen = rng.choice(len(recordings), _BATCH, p=annotated / annotated.sum())
        crops = [_crop(recordings[index], rng) for index in chosen]
        envelopes, states = (torch.from_numpy(np.stack(part)) for part in zip(*crops, strict=True))
        loss = torch.nn.functional.cross_entropy(network(envelopes), states - 1, ignore_index=-1)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    layers = [layer for layer in network if isinstance(layer, torch.nn.Conv1d)]
    kernels = tuple(layer.weight.detach().numpy().transpose(2, 1, 0).copy() for layer in layers)
    return kernels, tuple(_array(layer.bias) for layer in layers)


def _array(tensor: "torch.Tensor | None") -> np.ndarray:
    return tensor.detach().numpy().copy()  # type: ignore[union-attr]


def _network() -> "torch.nn.Sequential":
    from torch import nn

    layers: list[nn.Module] = []
    for layer in range(_LAYERS):
        channels = _CHANNELS if layer else BANDS
        layers += [nn.Conv1d(channels, _CHANNELS, _TAPS, padding="same", dilation=2**layer), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv1d(_CHANNELS, len(CYCLE), 1))


def _crop(recording: AnnotatedRecording, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Six seconds around an annotated frame, faster or slower: ``(BANDS, crop)`` float32, ``(crop,)`` int64."""
    frames = len(recording.states)
    tempo = float(np.exp(rng.uniform(-_TEMPO, _TEMPO)))
    within = int(rng.choice(np.flatnonzero(recording.states))) - rng.integers(_CROP) * tempo
    start = max(0.0, min(frames - _CROP * tempo, within))
    position = start + np.arange(_CROP) * tempo
    position = position[position <= frames - 1]
    envelopes, states = np.zeros((BANDS, _CROP), np.float32), np.zeros(_CROP, np.int64)
    before = position.astype(int)
    after = np.minimum(before + 1, frames - 1)
    share = (position - before).astype(np.float32)[:, None]
    between = (1 - share) * recording.envelopes[before] + share * recording.envelopes[after]
    envelopes[:, : len(position)] = between.T
    states[: len(position)] = recording.states[np.rint(position).astype(int)]
    if rng.random() < _DEAF_SHARE:
        envelopes[rng.integers(_DEAF_FROM, BANDS) :] = 0
    return envelopes, states
