"""Any audio encoder of the transformers library, or written like one, by local folder or downloaded hub name."""

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heartfeat.backbones import ast_encoder, clap_encoder, pcg_encoder, waveform_encoders, whisper_encoder
from heartfeat.backbones.backbone import Backbone, BackboneSpec
from heartfeat.backbones.checkpoint import find_checkpoint, load_checked, weights_digest
from heartfeat.backbones.encoder import Encoder, Grid, PooledLayers
from heartfeat.backbones.preprocessing import Preprocessing
from heartfeat.backbones.settings import TransformersSettings
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
    "heartfeat-pcg": EncoderFamily(
        "heartfeat.backbones.architectures.pcg:PcgConfig",
        "heartfeat.backbones.architectures.pcg:PcgModel",
        pcg_encoder.describe,
        pcg_encoder.PcgEncoder,
    ),
    "clap": _of_transformers("Clap", clap_encoder.describe, clap_encoder.ClapEncoder),
    "clap_audio_model": _of_transformers("ClapAudio", clap_encoder.describe, clap_encoder.ClapEncoder),
}
"""Architectures by the ``model_type`` of ``config.json``."""


def describe_transformers(settings: TransformersSettings) -> BackboneSpec:
    """What an encoder computes, from its config and weight files alone.

    Raises
    ------
    BackboneError
        When the model is not on this machine, of an unknown architecture, or cannot do what is asked.
    """
    return _describe(settings)[0]


def load_transformers(settings: TransformersSettings) -> Backbone:
    """The encoder, on the CPU; raises as :func:`describe_transformers`, and when weights are incomplete."""
    spec, family, grid, folder = _describe(settings)
    model = load_checked(_class(family.model_class), folder)
    encoder = family.build(model, grid, folder)
    return Backbone(spec, PooledLayers(encoder, grid, spec.layers, spec.window).eval())


def _describe(settings: TransformersSettings) -> tuple[BackboneSpec, EncoderFamily, Grid, Path]:
    folder = find_checkpoint(settings.model)
    model_type = _model_type(folder)
    family = FAMILIES.get(model_type)
    if family is None:
        raise BackboneError(
            f"{settings.model} is a {model_type!r}; known architectures are {', '.join(FAMILIES)}"
        )
    config = _class(family.config_class).from_pretrained(folder, local_files_only=True)
    grid = family.describe(config, folder, settings.window_seconds)
    layers = grid.layers(settings.layers)
    spec = BackboneSpec(
        name=settings.name,
        family="transformers",
        identifier=settings.model
        if not Path(settings.model).is_dir()
        else Path(settings.model).resolve().name,
        weights_digest=weights_digest(folder),
        preprocessing=Preprocessing(
            grid.sample_rate, settings.low, settings.high, grid.level_dbfs, settings.remove_spikes
        ),
        window=grid.window(settings.token_rate),
        dim=grid.hidden * len(layers),
        revision=REVISION,
        layers=layers,
        windows=settings.windows,
        precision="fp32" if settings.precision == "auto" else settings.precision,
        transform={"architecture": model_type, **grid.transform},
    )
    return spec, family, grid, folder


def _model_type(folder: Path) -> str:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return str(config.get("model_type", ""))
    except (OSError, ValueError, AttributeError) as error:
        raise BackboneError(f"{folder / 'config.json'} cannot be read: {error}") from error
