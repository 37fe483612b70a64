"""Any audio encoder of the transformers library, or written like one, by local folder or downloaded hub name."""

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heartfeat.backbones import (
    ast_encoder,
    clap_encoder,
    cnn_mamba_encoder,
    m2d_encoder,
    microsoft_beats_encoder,
    pcg_encoder,
    waveform_encoders,
    whisper_encoder,
)
from heartfeat.backbones.backbone import Backbone, BackboneSpec
from heartfeat.backbones.beats_spec import STATISTICS as BEAT_STATISTICS
from heartfeat.backbones.encoder import Encoder, Grid, PooledLayers
from heartfeat.backbones.preprocessing import Preprocessing
from heartfeat.backbones.settings import TransformersSettings
from heartfeat.backbones.source import Source, find_source
from heartfeat.errors import BackboneError

REVISION = 1
"""Raised when any feature of these encoders changes."""


@dataclass(frozen=True)
class EncoderFamily:
    """One architecture.

    Attributes
    ----------
    config_class, model_class
        Where the classes are, as ``module:Class``.
    describe
        The time grid of ``(config, folder, window_seconds)``.
    build
        The encoder of ``(model, grid, folder)``.
    """

    config_class: str
    model_class: str
    describe: Callable[[Any, Path, float | None], Grid]
    build: Callable[[Any, Grid, Path], Encoder]


def _waveform(name: str) -> EncoderFamily:
    return _of_transformers(name, waveform_encoders.describe, waveform_encoders.WaveformEncoder)


def _of_transformers(
    name: str,
    describe: Callable[[Any, Path, float | None], Grid],
    build: Callable[[Any, Grid, Path], Encoder],
) -> EncoderFamily:
    return EncoderFamily(f"transformers:{name}Config", f"transformers:{name}Model", describe, build)


def _written_here(
    place: str,
    name: str,
    describe: Callable[[Any, Path, float | None], Grid],
    build: Callable[[Any, Grid, Path], Encoder],
) -> EncoderFamily:
    module = f"heartfeat.backbones.architectures.{place}"
    return EncoderFamily(f"{module}:{name}Config", f"{module}:{name}Model", describe, build)


def _class(place: str) -> Any:  # noqa: ANN401 - any family's class
    """The class at ``module:Class``, imported when it is first needed."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


FAMILIES = {
    "wav2vec2": _waveform("Wav2Vec2"),
    "hubert": _waveform("Hubert"),
    "wavlm": _waveform("WavLM"),
    "data2vec-audio": _waveform("Data2VecAudio"),
    "audio-spectrogram-transformer": _of_transformers("AST", ast_encoder.describe, ast_encoder.AstEncoder),
    "whisper": _of_transformers("Whisper", whisper_encoder.describe, whisper_encoder.WhisperFeatures),
    "heartfeat-pcg": _written_here("pcg", "Pcg", pcg_encoder.describe, pcg_encoder.PcgEncoder),
    "clap": _of_transformers("Clap", clap_encoder.describe, clap_encoder.ClapEncoder),
    "clap_audio_model": _of_transformers("ClapAudio", clap_encoder.describe, clap_encoder.ClapEncoder),
    "cnn-mamba": _written_here(
        "cnn_mamba", "CnnMamba", cnn_mamba_encoder.describe, cnn_mamba_encoder.CnnMambaEncoder
    ),
    "microsoft-beats": _written_here(
        "microsoft_beats",
        "MicrosoftBeats",
        microsoft_beats_encoder.describe,
        microsoft_beats_encoder.MicrosoftBeatsEncoder,
    ),
    "m2d": _written_here("m2d", "M2d", m2d_encoder.describe, m2d_encoder.M2dEncoder),
}
"""Architectures by the ``model_type`` of ``config.json``."""

_SAID: set[str] = set()
"""Lines that this process has printed."""


def describe_transformers(settings: TransformersSettings) -> BackboneSpec:
    """What an encoder computes, from its config and weight files alone.

    What a checkpoint file holds beyond the encoder is counted and said on standard error, once per process.

    Raises
    ------
    BackboneError
        When the model is not on this machine, of an unknown architecture, or cannot do what is asked.
    """
    return _describe(settings, _say_once)[0]


def load_transformers(settings: TransformersSettings, aloud: bool = True) -> Backbone:
    """The encoder, on the CPU; raises as :func:`describe_transformers`, and when weights are incomplete.

    Parameters
    ----------
    aloud
        Whether to say what is left aside, as :func:`describe_transformers` does.
    """
    spec, family, grid, source, config = _describe(settings, _say_once if aloud else lambda line: None)
    model = source.load(_class(family.model_class), config)
    encoder = family.build(model, grid, source.path)
    return Backbone(spec, PooledLayers(encoder, grid, spec.layers, spec.window).eval())


def _describe(
    settings: TransformersSettings, say: Callable[[str], None]
) -> tuple[BackboneSpec, EncoderFamily, Grid, Source, Any]:
    source = find_source(settings.model, say)
    model_type = source.model_type()
    family = FAMILIES.get(model_type)
    if family is None:
        raise BackboneError(
            f"{settings.model} is a {model_type!r}; known architectures are {', '.join(FAMILIES)}"
        )
    config = source.config(_class(family.config_class))
    grid = family.describe(config, source.path, settings.window_seconds)
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
    )
    return spec, family, grid, source, config


def _preprocessing(settings: TransformersSettings, grid: Grid) -> Preprocessing:
    low = grid.band[0] if settings.low is None else settings.low
    high = grid.band[1] if settings.high is None else settings.high
    if low >= high:
        raise BackboneError(f"the band from {low:g} to {high:g} Hz is empty; set both low and high")
    return Preprocessing(grid.sample_rate, low, high, grid.level_dbfs, settings.remove_spikes)


def _say_once(line: str) -> None:
    if line not in _SAID:
        _SAID.add(line)
        print(line, file=sys.stderr, flush=True)
