"""A frozen backbone: its description, which is all that a feature key needs, and its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from heartfeat.backbones.preprocessing import PREPROCESSING_REVISION, Preprocessing
from heartfeat.backbones.windows import Window

if TYPE_CHECKING:
    from torch import nn

WINDOWS_REVISION = 1
"""Raised when the cutting of windows changes any feature."""


@dataclass(frozen=True)
class BackboneSpec:
    """What a backbone computes, without the means to do so.

    Attributes
    ----------
    name
        Name of the feature set.
    family
        ``"logmel"``, ``"states"``, ``"beats"`` or ``"transformers"``.
    identifier
        What people call the backbone; no part of the key.
    weights_digest
        SHA-256 over the weight files, or None where there are no weights.
    preprocessing
        What is done to a recording before the views.
    window
        Fixed-length input and the token grid, in samples of ``preprocessing.sample_rate``.
    dim
        Numbers per token, D.
    layers
        Hidden states that are concatenated; empty where there are no layers.
    windows
        Where windows begin: ``"fixed"`` steps, heart ``"cycles"``, or ``"beats"``: one window and token per cycle.
    precision
        Of the forward pass: ``"fp32"``, or ``"bf16"`` or ``"fp16"`` where that is safe (autocast).
    transform
        The family's other numbers, JSON-able.
    revision
        Revision of the family's code; raised when any feature changes.
    statistics
        What is pooled of a recording's tokens; None for all that there is.
    phases
        Where an encoder's tokens are averaged over phases of each heart cycle: phases of S1, systole, S2 and diastole.
    """

    name: str
    family: str
    identifier: str
    weights_digest: str | None
    preprocessing: Preprocessing
    window: Window
    dim: int
    revision: int
    layers: tuple[int, ...] = ()
    windows: str = "fixed"
    precision: str = "fp32"
    transform: Mapping[str, Any] = field(default_factory=dict)
    statistics: tuple[str, ...] | None = None
    phases: tuple[int, ...] = ()

    @property
    def channels(self) -> int:
        """Numbers per token of the model's output: D, before tokens are averaged over the phases of a beat."""
        return self.dim // max(1, sum(self.phases))

    @property
    def token_rate(self) -> float | None:
        """Tokens per second (Hz); None where tokens are not evenly spaced in time."""
        if self.windows == "beats":
            return None
        return self.preprocessing.sample_rate / self.window.hop

    def core(self) -> dict[str, Any]:
        """Everything that bears on the features but audio and view; JSON-able, no names and no paths."""
        return {
            "family": self.family,
            "weights": self.weights_digest,
            "preprocessing": asdict(self.preprocessing),
            "window": asdict(self.window),
            "windows": self.windows,
            "precision": self.precision,
            "token_rate": self.token_rate,
            "dim": self.dim,
            "layers": list(self.layers),
            "transform": dict(self.transform),
            "dtype": "float16",
            "revisions": self._revisions(),
        }

    def _revisions(self) -> dict[str, int]:
        revisions = {
            "preprocessing": PREPROCESSING_REVISION,
            "windows": WINDOWS_REVISION,
            self.family: self.revision,
        }
        if self.windows != "fixed":
            from heartfeat.signals.segmentation import SEGMENTATION_REVISION

            revisions["segmentation"] = SEGMENTATION_REVISION
        return revisions


@dataclass(frozen=True)
class Backbone:
    """A backbone that can encode.

    Attributes
    ----------
    spec
        Its description.
    model
        Maps ``(B, window.samples)`` float32 audio to ``(B, window.tokens, channels)`` float32, in evaluation mode.
    """

    spec: BackboneSpec
    model: nn.Module
