"""From settings to a backbone."""

from heartfeat.backbones.backbone import Backbone, BackboneSpec
from heartfeat.backbones.logmel_spec import describe_logmel
from heartfeat.backbones.settings import BackboneSettings, BeatsSettings, LogMelSettings, StatesSettings


def describe_backbone(settings: BackboneSettings) -> BackboneSpec:
    """What a backbone computes, without building its model; what comes with the package needs no torch for it.

    What a checkpoint file holds beyond the encoder is counted and said on standard error, once per process.

    Raises
    ------
    BackboneError
        When weights are missing, or the settings ask for what the encoder cannot do.
    """
    if isinstance(settings, LogMelSettings):
        return describe_logmel(settings)
    if isinstance(settings, StatesSettings):
        from heartfeat.backbones.states_spec import describe_states

        return describe_states(settings)
    if isinstance(settings, BeatsSettings):
        from heartfeat.backbones.beats_spec import describe_beats

        return describe_beats(settings)
    from heartfeat.backbones.transformers_spec import describe_transformers

    return describe_transformers(settings)


def load_backbone(settings: BackboneSettings, device: str = "cpu") -> Backbone:
    """The backbone of these settings, its model on ``device`` and in evaluation mode.

    Raises
    ------
    BackboneError
        When weights are missing or incomplete, or the settings ask for what the encoder cannot do.
    """
    if isinstance(settings, LogMelSettings):
        from heartfeat.backbones.logmel import load_logmel

        backbone = load_logmel(settings)
    elif isinstance(settings, StatesSettings):
        from heartfeat.backbones.states import load_states

        backbone = load_states(settings)
    elif isinstance(settings, BeatsSettings):
        from heartfeat.backbones.beats import load_beats

        backbone = load_beats(settings)
    else:
        from heartfeat.backbones.transformers_audio import load_transformers

        backbone = load_transformers(settings)
    backbone.model.to(device).requires_grad_(False)
    return backbone
