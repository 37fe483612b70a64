"""What any audio encoder of the transformers library computes, or one written like it.

What is imported here, heartfeat's own architecture included, is free of torch, so that planning is quick; an
architecture's other modules are imported when one of its models is at hand.
"""

import functools
import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heartfeat.backbones.backbone import BackboneSpec
from heartfeat.backbones.beats_spec import STATISTICS as BEAT_STATISTICS
from heartfeat.backbones.grid import Grid
from heartfeat.backbones.preprocessing import Preprocessing
from heartfeat.backbones.settings import TransformersSettings
from heartfeat.backbones.source import Source, find_source
from heartfeat.backbones.trained_on import read_trained_on
from heartfeat.errors import BackboneError

REVISION = 1
"""Raised when any feature of these encoders changes."""


@dataclass(frozen=True)
class Architecture:
    """Where the parts of one architecture are, each as ``module:name``; modules within the package begin with a dot.

    Attributes
    ----------
    config
        The class of its config.
    model
        The class of its model.
    grid
        The function that gives the time grid of ``(config, folder, window_seconds)``.
    encoder
        The class that makes an :class:`heartfeat.backbones.encoder.Encoder` of ``(model, grid, folder)``.
    """

    config: str
    model: str
    grid: str
    encoder: str

    def describe(self, config: Any, folder: Path, window_seconds: float | None) -> Grid:  # noqa: ANN401
        """The time grid of the encoder's output."""
        return find(self.grid)(config, folder, window_seconds)


def find(place: str) -> Any:  # noqa: ANN401 - any architecture's class or function
    """What is at ``module:name``, imported when it is first needed."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module, "heartfeat.backbones"), name)


def _of_transformers(name: str, module: str, encoder: str) -> Architecture:
    return Architecture(
        f"transformers:{name}Config", f"transformers:{name}Model", f"{module}:describe", f"{module}:{encoder}"
    )


def _waveform(name: str) -> Architecture:
    return _of_transformers(name, ".waveform_encoders", "WaveformEncoder")


def _written_here(module: str, name: str) -> Architecture:
    return Architecture(
        f".architectures.{module}:{name}Config",
        f".architectures.{module}:{name}Model",
        f".{module}_encoder:describe",
        f".{module}_encoder:{name}Encoder",
    )


ARCHITECTURES = {
    "wav2vec2": _waveform("Wav2Vec2"),
    "hubert": _waveform("Hubert"),
    "wavlm": _waveform("WavLM"),
    "data2vec-audio": _waveform("Data2VecAudio"),
    "audio-spectrogram-transformer": _of_transformers("AST", ".ast_encoder", "AstEncoder"),
    "whisper": _of_transformers("Whisper", ".whisper_encoder", "WhisperFeatures"),
    "heartfeat-pcg": Architecture(
        ".architectures.pcg_shape:PcgShape",
        ".architectures.pcg:PcgModel",
        ".pcg_grid:describe",
        ".pcg_encoder:PcgEncoder",
    ),
    "clap": _of_transformers("Clap", ".clap_encoder", "ClapEncoder"),
    "clap_audio_model": _of_transformers("ClapAudio", ".clap_encoder", "ClapEncoder"),
    "cnn-mamba": _written_here("cnn_mamba", "CnnMamba"),
    "microsoft-beats": _written_here("microsoft_beats", "MicrosoftBeats"),
    "m2d": _written_here("m2d", "M2d"),
}
"""By the ``model_type`` of ``config.json``."""


@dataclass(frozen=True)
class Described:
    """A backbone's description, and what it was made of.

    Attributes
    ----------
    spec
        What the backbone computes.
    architecture, grid, config
        Of its encoder.
    source
        Where its weights are.
    """

    spec: BackboneSpec
    architecture: Architecture
    grid: Grid
    config: Any
    source: Source


def describe_transformers(settings: TransformersSettings) -> BackboneSpec:
    """What an encoder computes, from its config and weight files alone.

    What a checkpoint file holds beyond the encoder is counted and said on standard error, once per process.

    Raises
    ------
    BackboneError
        When the model is not on this machine, of an unknown architecture, or cannot do what is asked.
    """
    known = describe_fully(settings)
    if note := known.source.note():
        _say_once(note)
    return known.spec


def describe_fully(settings: TransformersSettings) -> Described:
    """As :func:`describe_transformers`, with what a model is made of, and saying nothing."""
    source = find_source(settings.model)
    model_type = source.model_type()
    architecture = ARCHITECTURES.get(model_type)
    if architecture is None:
        raise BackboneError(
            f"{settings.model} is a {model_type!r}; known architectures are {', '.join(ARCHITECTURES)}"
        )
    config = source.config(find(architecture.config))
    grid = architecture.describe(config, source.path, settings.window_seconds)
    layers = grid.layers(settings.layers)
    phases = settings.phases if settings.windows == "beats" else ()
    spec = BackboneSpec(
        name=settings.name,
        family="transformers",
        identifier=Path(settings.model).resolve().name if Path(settings.model).exists() else settings.model,
        weights_digest=source.digest(),
        preprocessing=_preprocessing(settings, grid),
        window=grid.window(settings.token_rate),
        dim=grid.hidden * len(layers) * max(1, sum(phases)),
        revision=REVISION,
        layers=layers,
        windows=settings.windows,
        precision="fp32" if settings.precision == "auto" else settings.precision,
        transform={
            "architecture": model_type,
            **grid.transform,
            **({"phases": list(phases)} if phases else {}),
        },
        statistics=BEAT_STATISTICS if phases else None,
        phases=phases,
        trained_on=read_trained_on(source.path),
    )
    return Described(spec, architecture, grid, config, source)


def _preprocessing(settings: TransformersSettings, grid: Grid) -> Preprocessing:
    low = grid.band[0] if settings.low is None else settings.low
    high = grid.band[1] if settings.high is None else settings.high
    if low >= high:
        raise BackboneError(f"the band from {low:g} to {high:g} Hz is empty; set both low and high")
    return Preprocessing(grid.sample_rate, low, high, grid.level_dbfs, settings.remove_spikes)


@functools.cache
def _say_once(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
