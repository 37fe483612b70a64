"""What was learned from annotated recordings, and the file that holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

SEGMENTATION_REVISION = 1
"""Raised when the automatic segmentation of any recording changes; part of the key of features cut by it."""


@dataclass(frozen=True, eq=False)
class Segmenter:
    """Fitted parameters of the automatic segmentation; states in the order S1, systole, S2, diastole.

    Attributes
    ----------
    kernels, biases
        Of the convolutions over time, ``(taps, channels in, channels out)`` and ``(channels out,)`` float32.
        The dilation of layer ``k`` is ``2**k``; the last has one tap and gives one logit per state.
    log_prior
        ``(4,)`` log share of frames in each state.
    slope, intercept, spread
        ``(4,)``: in a cycle of c frames a state lasts ``slope x c + intercept`` frames, give or take one
        standard deviation ``spread`` (frames).
    """

    kernels: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    log_prior: np.ndarray
    slope: np.ndarray
    intercept: np.ndarray
    spread: np.ndarray


def save_segmenter(segmenter: Segmenter, path: str | Path, recipe: Mapping[str, str]) -> None:
    """Write parameters as a safetensors file; ``recipe`` says how they came about."""
    from safetensors.numpy import save_file

    tensors = {name: getattr(segmenter, name) for name in ("log_prior", "slope", "intercept", "spread")}
    for number, (kernel, bias) in enumerate(zip(segmenter.kernels, segmenter.biases, strict=True)):
        tensors[f"kernel.{number}"], tensors[f"bias.{number}"] = kernel, bias
    contiguous = {name: np.ascontiguousarray(tensor, dtype=np.float32) for name, tensor in tensors.items()}
    save_file(contiguous, path, metadata=dict(recipe))


def load_segmenter(path: str | Path) -> Segmenter:
    """Read parameters that :func:`save_segmenter` wrote."""
    from safetensors.numpy import load_file

    tensors = load_file(path)
    layers = range(sum(name.startswith("kernel.") for name in tensors))
    return Segmenter(
        kernels=tuple(tensors[f"kernel.{number}"] for number in layers),
        biases=tuple(tensors[f"bias.{number}"] for number in layers),
        **{name: tensors[name] for name in ("log_prior", "slope", "intercept", "spread")},
    )


@cache
def default_segmenter() -> Segmenter:
    """The parameters that come with the package, fitted on CirCor (see docs/signals.md)."""
    with resources.as_file(resources.files(__package__) / "circor.safetensors") as path:
        return load_segmenter(path)
