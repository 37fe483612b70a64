"""From settings to a backbone."""

from heartfeat.backbones.backbone import Backbone, BackboneSpec
from heartfeat.backbones.logmel_spec import describe_logmel
from heartfeat.backbones.settings import LogMelSettings, TransformersSettings


def describe_backbone(settings: LogMelSettings | TransformersSettings) -> BackboneSpec:
    """What a backbone computes, without building its model; the log-mel family needs no torch for it.

    Raises
    ------
    BackboneError
        When weights are missing, or the settings ask for what the encoder cannot do.
    """
    if isinstance(settings, LogMelSettings):
        return describe_logmel(settings)
    from heartfeat.backbones.transformers_audio import describe_transformers

    return describe_transformers(settings)


def load_backbone(settings: LogMelSettings | TransformersSettings, device: str = "cpu") -> Backbone:
    """The backbone of these settings, its model on ``device`` and in evaluation mode.

    Raises
    ------
    BackboneError
        When weights are missing or incomplete, or the settings ask for what the encoder cannot do.
    """
    if isinstance(settings, LogMelSettings):
        from heartfeat.backbones.logmel import load_logmel

        backbone = load_logmel(settings)
    else:
        from heartfeat.backbones.transformers_audio import load_transformers

        backbone = load_transformers(settings)
    backbone.model.to(device).requires_grad_(False)
    return backbone
