"""Any audio encoder of the transformers library, or written like one, by local folder or downloaded hub name."""

from pathlib import Path
from typing import Any

from heartfeat.backbones.backbone import Backbone
from heartfeat.backbones.encoder import PooledLayers
from heartfeat.backbones.settings import TransformersSettings
from heartfeat.backbones.transformers_spec import describe_fully, find


def load_transformers(settings: TransformersSettings) -> Backbone:
    """The encoder, on the CPU.

    Raises
    ------
    BackboneError
        As :func:`heartfeat.backbones.transformers_spec.describe_transformers`, and when weights are incomplete.
    """
    return load_with_model(settings)[0]


def load_with_model(settings: TransformersSettings) -> tuple[Backbone, Any, Path]:
    """As :func:`load_transformers`, with the model whose weights the backbone uses, and where it is from."""
    known = describe_fully(settings)
    source, spec, grid = known.source, known.spec, known.grid
    model = source.load(find(known.architecture.model), known.config)
    encoder = find(known.architecture.encoder)(model, grid, source.path)
    backbone = Backbone(spec, PooledLayers(encoder, grid, spec.layers, spec.window).eval())
    return backbone, model, source.path
